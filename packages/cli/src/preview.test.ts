import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { childrenOf, createApp, godwit, gone, startGodwit } from "./cli.fixture.ts";
import { TARGETS } from "./project/config.ts";

const APP = {
  "lib/boom.ts": `interface Long { a: string }\n\nexport function boom(it: Long): Response {\n  throw new Error(it.a);\n}\n`,
  "routes/boom.ts": `import { boom } from "../lib/boom.ts";\n\nexport function GET() {\n  return boom({ a: "bang" });\n}\n`,
  "routes/index.ts": `
    export const GET = (request, context) => { context.log.info("seen", { n: 1 }); return new Response("ok"); };`,
};

for (const target of TARGETS) {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`preview of ${target} serves, names lines of TypeScript, and ends with 0 on ${signal}, nothing left`, async (t) => {
      const root = await createApp(t, APP);
      const args = ["preview", "--root", root, "--target", target, "--port", "0", "--build"];
      const running = startGodwit(t, args);
      const [, url = ""] = await running.says(/^ready .*: (http:\S+)$/m);
      assert.equal(await (await fetch(url)).text(), "ok");
      assert.equal((await fetch(new URL("boom", url))).status, 500);
      while (!running.stderr().includes("bang")) await once(running.child.stderr ?? running.child, "data");
      const below = childrenOf(running.child.pid ?? 0);
      running.child.kill(signal);
      const { code, stderr } = await running.ended;
      assert.equal(code, 0, stderr);
      await gone(below);
      const lines = stderr.split("\n").filter((line) => line.startsWith("{"));
      const logged = lines.map((line) => JSON.parse(line) as { message: string; n?: number });
      assert.ok(logged.some(({ message, n }) => message === "seen" && n === 1));
      assert.match(stderr, /lib\/boom\.ts:4:9/);
      assert.match(stderr, /routes\/boom\.ts:4:10/);
    });
  }

  test(`preview of ${target} on a port in use says so`, async (t) => {
    const root = await createApp(t, APP);
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const address = server.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    const args = ["preview", "--root", root, "--target", target, "--port", port, "--build", "--json"];
    const { code, stdout } = await godwit(args);
    assert.equal(code, 1);
    assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, "PORT_IN_USE");
  });
}

test("preview says what env.ts lacks before anything is served, and names what --front takes", async (t) => {
  const root = await createApp(t, {
    ...APP,
    "env.ts": `import { defineEnv } from "@godwit/core"; export default defineEnv({ secrets: ["TOKEN", "MAIN"] });`,
    "godwit.config.ts": "export default { cloudflare: { kv: { MAIN: {} } } };",
  });
  const { code, stderr } = await godwit(["preview", "--root", root, "--target", "cloudflare", "--build"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^error ENV_INVALID The environment lacks .*\n {2}TOKEN is missing\nValues of the stage dev come from \.env,/m,
  );
  assert.doesNotMatch(stderr, /MAIN/); // a binding of the config is no variable of a file
  const front = await godwit(["preview", "--root", root, "--target", "cloudflare", "--front", "x"], {
    env: { TOKEN: "t" },
  });
  assert.equal(front.code, 64);
  assert.match(front.stderr, /^error FRONT_UNKNOWN /);
  assert.match((await godwit(["preview", "--help"])).stdout, /function-url-stream/);
});

test("an interrupted build ends with 130 and leaves dist as it was", async (t) => {
  const root = await createApp(t, APP);
  const running = startGodwit(t, ["build", "--root", root, "--target", "lambda", "--measure"]);
  while (!existsSync(join(root, "dist"))) await new Promise((resolve) => setTimeout(resolve, 10));
  const below = childrenOf(running.child.pid ?? 0);
  running.child.kill("SIGINT");
  const { code, stdout, stderr } = await running.ended;
  assert.deepEqual({ code, stdout, stderr }, { code: 130, stdout: "", stderr: "" });
  await gone(below);
  assert.deepEqual(readdirSync(join(root, "dist")), []);
});
