import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { platforms } from "@godwit/adapters/registry";
import { writeDevArtefact } from "@godwit/bundler";
import type { Emulator, Tools } from "@godwit/bundler/contracts";
import { type Modules, openModules } from "./modules.fixture.ts";

/** Where an app lies as an installed one would. */
const home = join(import.meta.dirname, "..", ".godwit");
const require = createRequire(import.meta.url);
const tools: Tools = Object.fromEntries(
  ["miniflare", "edge-runtime", "aws-lambda-ric"].map((name) => {
    const path = require.resolve(name);
    return [name, { path, load: () => import(pathToFileURL(path).href) }];
  }),
);

const FILES = {
  "routes/index.ts": 'export const GET = () => new Response("unused");',
  "routes/tick.ts":
    'export const config = { schedule: "0 3 * * *" };\nexport const GET = () => new Response("unused");',
  "public/hello.txt": "hello",
};

const DISPATCHER = `const table = { "/": "index", "/tick": "tick", "/stream": "stream", "/broken": "broken", "/new": "new" };
export const behind = (path) => table[path] && { route: { pattern: table[path] }, params: {} };
export default () => ({ fetch: async () => new Response("nothing", { status: 404 }) });`;

const index = (text: string) => `const key = { name: "count" };
export default (shared) => ({ fetch: async (request, { env }) => {
  shared.set(key, (shared.has(key) ? shared.get(key) : 0) + 1);
  return Response.json({ text: ${JSON.stringify(text)}, count: shared.get(key), word: env.WORD ?? null });
} });`;

const stream = (text: string) => `export default () => ({ fetch: async () => {
  let part = 0;
  return new Response(new ReadableStream({ async pull(controller) {
    if (++part > 20) return controller.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.enqueue(new TextEncoder().encode(${JSON.stringify(text)}));
  } }, { highWaterMark: 0 }));
} });`;

interface Running {
  emulator: Emulator;
  modules: Modules;
  get(path: string): Promise<Response>;
}

interface Case {
  target: keyof typeof platforms;
  slice?: object;
  files?: Record<string, string>;
  heedless?: boolean;
  inspect?: number;
}

async function start(
  t: TestContext,
  { target: name, slice = {}, files = {}, heedless, inspect }: Case,
): Promise<Running> {
  await mkdir(home, { recursive: true });
  const root = await mkdtemp(join(home, "dev-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  for (const [path, contents] of Object.entries({ ...FILES, ...files })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), contents);
  }
  const modules = await openModules(join(root, ".godwit", "modules"), heedless);
  t.after(() => modules.close());
  modules.write("dispatcher", DISPATCHER);
  modules.write("index", index("first"));
  modules.write("tick", index("tick"));
  const { target } = await platforms[name].target();
  const checked = await target.config["~standard"].validate(slice);
  assert.ok(!checked.issues);
  const { url } = modules;
  const adaptersFrom = import.meta.url;
  const artefact = await writeDevArtefact({ root, app: "dev", target, targetConfig: checked.value, adaptersFrom, url });
  const { emulate } = await platforms[name].emulate();
  const emulator = await emulate(artefact, tools, { dev: true, inspect });
  t.after(() => emulator.close());
  return { emulator, modules, get: (path) => emulator.fetch(new Request(new URL(path, emulator.url))) };
}

const CASES: Record<string, Case> = {
  node: { target: "node" },
  "node, with a server that heeds no guess": { target: "node", heedless: true },
  cloudflare: { target: "cloudflare" },
  "cloudflare without Node's built-ins": { target: "cloudflare", slice: { compatibilityFlags: [] } },
  "vercel's Edge": { target: "vercel" },
  "vercel's Node": { target: "vercel", slice: { runtime: "node" } },
  "lambda behind a Function URL": { target: "lambda", slice: { front: "function-url-stream" } },
  "lambda behind an HTTP API": { target: "lambda", slice: { front: "http-api" } },
  "lambda behind a REST API": { target: "lambda", slice: { front: "rest" } },
};

for (const [name, given] of Object.entries(CASES)) {
  describe(name, () => {
    test("the next request is the new code's, and what is shared stays", async (t) => {
      const { get, modules, emulator } = await start(t, given);
      assert.deepEqual(await (await get("/")).json(), { text: "first", count: 1, word: null });
      assert.deepEqual(await (await get("/")).json(), { text: "first", count: 2, word: null });
      modules.write("index", index("second"));
      modules.env = { WORD: "hush" };
      assert.deepEqual(await (await get("/")).json(), { text: "second", count: 3, word: "hush" });
      modules.env = {};
      assert.deepEqual(await (await get("/")).json(), { text: "second", count: 4, word: null });
      assert.equal((await get("/nowhere")).status, 404);
      assert.equal(await (await get("/hello.txt")).text(), "hello");

      modules.write("dispatcher", DISPATCHER.replace('"/new": "new"', '"/new": "index"'));
      assert.equal((await (await get("/new")).json()).text, "second");
      await emulator.trigger("schedule", { pattern: "/tick" });
      assert.equal((await (await get("/tick")).json()).text, "tick");
    });

    test("a stream that began before an edit ends whole", async (t) => {
      const { get, modules } = await start(t, given);
      modules.write("stream", stream("a"));
      const { body } = await get("/stream");
      assert.ok(body);
      const reader = body.pipeThrough(new TextDecoderStream()).getReader();
      let text = (await reader.read()).value ?? "";
      modules.write("stream", stream("b"));
      modules.write("index", index("second"));
      assert.equal((await (await get("/")).json()).text, "second");
      for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
      assert.equal(text, "a".repeat(20));
      assert.equal(await (await get("/stream")).text(), "b".repeat(20));
    });

    test("what cannot be loaded leaves the last good code, or says so", async (t) => {
      const { get, modules } = await start(t, given);
      assert.equal((await (await get("/")).json()).text, "first");
      modules.write("index", 'throw new Error("no such luck");');
      assert.equal((await (await get("/")).json()).text, "first");
      assert.equal((await (await get("/")).json()).text, "first");
      assert.deepEqual(
        modules.failed.map(({ code, message }) => [code, message]),
        [["DEV_LOAD_FAILED", "no such luck"]],
      );
      assert.match(modules.failed[0]?.stack ?? "", /index(?:\.ts@2|-2\.mjs):1:7/);

      modules.write("broken", "export default 1;");
      const broken = await get("/broken");
      assert.equal(broken.status, 500);
      assert.equal(broken.headers.get("x-godwit-dev-failure"), "1");
      assert.equal(broken.headers.get("content-type"), "application/problem+json");
      assert.equal((await broken.json()).code, "DEV_LOAD_FAILED");
      const unbuilt = await get("/new");
      assert.equal((await unbuilt.json()).code, "DEV_BUILD_FAILED");
      assert.equal(unbuilt.headers.get("x-godwit-dev-failure"), "1");

      modules.write("index", index("mended"));
      assert.equal((await (await get("/")).json()).text, "mended");
    });
  });
}

test("a Worker's bindings are the platform's own, keep what they hold, and show nothing of how code comes in", async (t) => {
  const { get, modules } = await start(t, {
    target: "cloudflare",
    slice: { kv: { CACHE: {} }, vars: { WORD: "config" } },
  });
  const code = (text: string) => `import { EventEmitter } from "node:events";
import events from "node:events";
import { waitUntil } from "cloudflare:workers";
export default () => ({ fetch: async (request, { env, platform }) => {
  const before = await env.CACHE.get("key");
  await env.CACHE.put("key", ${JSON.stringify(text)});
  const own = Object.keys(env).filter((name) => name.startsWith("GODWIT"));
  return Response.json([before, env.WORD, own, events === EventEmitter, typeof waitUntil]);
} });`;
  const externals = ["node:events", "cloudflare:workers"];
  modules.write("index", code("one"), externals);
  assert.deepEqual(await (await get("/")).json(), [null, "config", [], true, "function"]);
  modules.write("index", code("two"), externals);
  modules.env = { WORD: "file" };
  assert.deepEqual(await (await get("/")).json(), ["one", "file", [], true, "function"]);
});

test("on vercel, routes that need Node run there, the others on Edge", async (t) => {
  const { get, modules } = await start(t, {
    target: "vercel",
    files: {
      "routes/new.ts":
        'import { spawn } from "node:child_process";\nexport const GET = () => new Response(typeof spawn);',
    },
  });
  const code = "export default () => ({ fetch: async () => new Response(typeof EdgeRuntime) });";
  modules.write("index", code);
  modules.write("new", code);
  assert.deepEqual([await (await get("/")).text(), await (await get("/new")).text()], ["string", "undefined"]);
  assert.equal((await get("/nowhere")).status, 404);
});

test("a module is evaluated once, whatever asks for it at once, and a variable of its own is one for all", async (t) => {
  const { get, modules } = await start(t, { target: "cloudflare" });
  modules.write(
    "index",
    `globalThis.times = (globalThis.times ?? 0) + 1;
export default () => ({ fetch: async () => Response.json(globalThis.times) });`,
  );
  const all = await Promise.all(Array.from({ length: 8 }, async () => (await get("/")).json()));
  assert.deepEqual(
    all,
    Array.from({ length: 8 }, () => 1),
  );
});

for (const target of ["node", "cloudflare", "vercel"] as const) {
  test(`a debugger finds the runtime of ${target}`, async (t) => {
    const inspect = await freePort();
    const { get } = await start(t, { target, inspect });
    assert.equal((await get("/")).status, 200);
    const answer = await fetch(`http://127.0.0.1:${inspect}/json`);
    const [first] = (await answer.json()) as { webSocketDebuggerUrl?: string }[]; // the protocol's list of targets
    assert.match(first?.webSocketDebuggerUrl ?? "", /^ws:/);
  });
}

test("a stack on Node is of the user's own file and line", async (t) => {
  const { get, modules, emulator } = await start(t, { target: "node" });
  const map = JSON.stringify({ version: 3, sources: ["../../routes/index.ts"], names: [], mappings: ";;AAIA" });
  const comment = `//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString("base64")}`;
  modules.write(
    "index",
    `export default () => ({ fetch: async () => {
  try {
throw new Error("mapped");
  } catch (error) { console.error(error.stack); }
  return new Response("ok");
} });
${comment}`,
  );
  assert.equal(await (await get("/")).text(), "ok");
  for await (const { text } of emulator.logs) {
    if (!text.includes("routes/index.ts:")) continue;
    assert.match(text, /routes\/index\.ts:5:/);
    return;
  }
  assert.fail("no line of the log names the file");
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return address && typeof address === "object" ? address.port : 0;
}
