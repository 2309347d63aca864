import assert from "node:assert/strict";
import { test } from "node:test";
import { rollback } from "@godwit/deploy";
import { buildApp } from "./apps.fixture.ts";
import { inputOf, inWorkerd, open, rehearse, ship, textOf, vendor } from "./cloudflare.fixture.ts";

const appOf = (text: string): Record<string, string> => ({
  "routes/index.ts": `export const GET = () => new Response(${JSON.stringify(text)});`,
  "routes/env.ts":
    "export const GET = async (_request: Request, { platform }) => { const { WORD, KEY, LINKS } = platform.raw; await LINKS.put('a', 'kept'); return Response.json({ WORD, KEY, kv: await LINKS.get('a') }); };",
  "env.ts": 'import { defineEnv } from "@godwit/core";\nexport default defineEnv({ vars: {}, secrets: ["KEY"] });\n',
  "public/hello.txt": "hello file",
});

test("a whole deploy in workerd: verified at its version, switched, served, deployed again for nothing, gone back from", async (t) => {
  const plane = await rehearse(t, inWorkerd(t));
  const slice = { kv: { LINKS: {} }, vars: { WORD: "a" } };
  const first = await buildApp(t, "cloudflare", appOf("one"), slice);
  const secrets = { KEY: "canary-4711-secret" };
  const one = await ship(plane, first, { secrets });
  assert.equal(one.outcome, "deployed");
  const [url] = one.urls;
  assert.ok(url);
  assert.equal(await textOf(url), "one");
  assert.equal(await textOf(new URL("/env", url)), '{"WORD":"a","KEY":"canary-4711-secret","kv":"kept"}');
  assert.equal(await textOf(new URL("/hello.txt", url)), "hello file");

  const before = plane.calls.length;
  assert.equal((await ship(plane, first)).outcome, "unchanged");
  assert.deepEqual(
    plane.calls.slice(before).filter((call) => !call.startsWith("GET ")),
    [],
  );

  const two = await ship(plane, await buildApp(t, "cloudflare", appOf("two"), { ...slice, vars: { WORD: "b" } }));
  assert.deepEqual(
    two.plan.items.filter(({ action }) => action === "update").map(({ id }) => id),
    ["worker/links"],
  );
  assert.equal(await textOf(url), "two");
  assert.equal(await textOf(new URL("/env", url)), '{"WORD":"b","KEY":"canary-4711-secret","kv":"kept"}');

  const input = await inputOf(plane, undefined);
  const back = await rollback({ deployer: await (await vendor()).open(input), input });
  assert.equal(back.to.id, one.release?.id);
  assert.equal(await textOf(url), "one");
  const releases = await (await open(plane, undefined)).releases();
  assert.deepEqual(
    releases.map(({ id, share }) => [id, share]),
    [
      [two.release?.id, 0],
      [one.release?.id, 1],
    ],
  );
});
