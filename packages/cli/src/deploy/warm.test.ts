import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createApp, godwit, startGodwit } from "../cli.fixture.ts";

/** Whoever asks for a page first makes it; `/made` tells how many were made. */
const files = {
  "godwit.config.ts": `export default {
  name: "warmed",
  target: "node",
  deploy: { warm: ["/page", "/none"], node: { listen: "127.0.0.1" } },
};`,
  "routes/_middleware.ts": `import { cache } from "@godwit/core/middleware/cache";
export default cache({ ttl: 60 });`,
  "routes/page.ts": `export const GET = () => new Response("page");`,
};

test("a deploy on Node leaves the pages of its list in the cache", async (t) => {
  const root = await createApp(t, files);
  t.after(() => godwit(["destroy", "--root", root, "--rehearse", "--yes"]));
  const shared = ["deploy", "--root", root, "--rehearse", "--yes"];
  const running = startGodwit(t, [...shared, "--serve"]);
  const [said, url = ""] = await running.says(/warmed[\s\S]*(http:\/\/\S+)[\s\S]*serving the rehearsal/);
  assert.match(said, /warmed 1 address, 1 failed/);
  assert.match(running.stderr(), /note could not warm \S+none: status 404/);
  const response = await fetch(new URL("/page", url));
  assert.match(response.headers.get("cache-status") ?? "", /^godwit; hit/);
  assert.equal(await response.text(), "page");

  await writeFile(join(root, "routes/page.ts"), files["routes/page.ts"].replace("page", "new page"));
  const shipped = await godwit([...shared, "--json"]);
  assert.equal(shipped.code, 0, shipped.stdout + shipped.stderr);
  const { deployed } = JSON.parse(shipped.stdout) as { deployed: { warmed?: unknown }[] };
  assert.deepEqual(deployed[0]?.warmed, { warm: 1, failed: [{ url: `${url}none`, why: "status 404" }], left: 0 });
  const unchanged = await godwit([...shared, "--json"]);
  assert.doesNotMatch(unchanged.stdout, /"warmed": {/);

  running.child.kill("SIGINT"); // killed, it would leave its supervisor
  assert.equal((await running.ended).code, 0);
});
