import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { App, Match } from "@godwit/core/types";
import { createFolder, linkPackage, writeFiles } from "./bundle.fixture.ts";
import { openDev } from "./dev.ts";
import type { DevChange, DevGraph } from "./dev-contract.ts";

interface AppModule {
  default(shared: Map<unknown, unknown>): App;
  behind?: Match;
}

/** A runtime without files: asks for the texts that it lacks, and makes functions of them. */
function createRuntime(graph: DevGraph) {
  const texts = new Map<string, string>();
  const modules = new Map<string, { exports: unknown }>();
  return async (id: string): Promise<AppModule> => {
    const { module: key, closure = [], externals = [], awaits = [] } = await graph.resolve({ format: "evaluate", id });
    for (const { key: name, code } of graph.modules(closure.filter((one) => !texts.has(one)))) texts.set(name, code);
    const brought = new Map<string, unknown>();
    for (const name of externals) brought.set(name, await import(name).then((all) => all.default ?? all));
    const require = (name: string): unknown => {
      const known = modules.get(name);
      if (known || brought.has(name)) return known ? known.exports : brought.get(name);
      const module = { exports: {} };
      modules.set(name, module);
      void run(name, module);
      return module.exports;
    };
    const run = (name: string, module: { exports: unknown }): unknown => {
      const body = new Function("require", "module", "exports", "meta", `${texts.get(name)}\n//# sourceURL=${name}`);
      return body(require, module, module.exports, {});
    };
    for (const name of awaits) {
      const module = { exports: {} };
      if (!modules.has(name)) await run(name, modules.set(name, module).get(name) ?? module);
    }
    return require(key) as AppModule; // what the graph writes
  };
}

async function open(t: TestContext, files: Record<string, string>) {
  const root = createFolder(t, files);
  const graph = await openDev({
    root,
    adaptersFrom: import.meta.url,
    settings: {
      platform: "neutral",
      target: "es2023",
      conditions: ["workerd", "worker", "browser"],
      mainFields: ["browser", "module", "main"],
      format: "esm",
      external: ["cloudflare:*", "node:*"],
    },
    external: [],
  });
  t.after(() => graph.close());
  const load = createRuntime(graph);
  return {
    root,
    graph,
    async ask(path: string): Promise<string> {
      const dispatcher = await load("dispatcher");
      const found = dispatcher.behind?.(path);
      const { default: create } = found ? await load(found.route.pattern) : dispatcher;
      const response = await create(new Map()).fetch(new Request(`http://localhost${path}`));
      return `${response.status} ${await response.text()}`;
    },
    save(changes: Record<string, string>): Promise<DevChange> {
      writeFiles(root, changes);
      return graph.change(Object.keys(changes).map((path) => join(root, path)));
    },
  };
}

test("modules come as texts, with packages, JSON and built-ins, and state outlives an edit elsewhere", async (t) => {
  const app = await open(t, {
    "package.json": '{ "type": "module" }',
    "routes/_middleware.ts": "export default (_request, _context, next) => next();",
    "routes/index.ts": [
      'import EventEmitter from "node:events";',
      'import { z } from "zod";',
      'import old, { word } from "old";',
      'import data from "../lib/data.json" with { type: "json" };',
      'import * as count from "../lib/count";',
      'import text from "../lib/text.txt";',
      "const meta = import.meta.url.slice(-15);",
      "export const GET = async () => Response.json([typeof new EventEmitter().on, z.string().parse('zod'), old.word, word,",
      '  data.a, count.default(), (await import("../lib/late")).late, text, meta]);',
    ].join("\n"),
    "lib/count.ts": "let n = 0;\nexport default () => ++n;",
    "lib/data.json": '{ "a": 1 }',
    "lib/text.txt": "plain",
    "lib/late.ts": 'export const late: string = "late";',
    "node_modules/old/package.json": '{ "name": "old", "version": "1.0.0", "main": "index.js" }',
    "node_modules/old/index.js": 'exports.first = 1;\nexports.word = require("./other").word;',
    "node_modules/old/other.js": 'exports.word = "old" + require("./index").first;',
  });
  linkPackage(app.root, "zod", "packages/adapters/node_modules/zod");
  const answer = (n: number, late: string) =>
    `200 ${JSON.stringify(["function", "zod", "old1", "old1", 1, n, late, "plain", "routes/index.ts"])}`;
  assert.equal(await app.ask("/"), answer(1, "late"));
  const { updated, failures } = await app.save({ "lib/late.ts": 'export const late: string = "later";' });
  assert.deepEqual([updated, failures], [["lib/late.ts"], []]);
  assert.equal(await app.ask("/"), answer(2, "later"));
  assert.throws(() => app.graph.modules(["lib/never.ts@1"]), { code: "DEV_MODULE_UNKNOWN" });
});

test("a module may await while it loads, before whoever imports it runs", async (t) => {
  const app = await open(t, {
    "routes/index.ts": [
      'import { a, order } from "../lib/a";',
      "const whole: string[] = (await Promise.all([a, await Promise.resolve(2)])).map(String);",
      'const { late } = await import("../lib/late");',
      "const inner = async () => await 3;",
      "export const GET = async () => Response.json([whole.join(), late, await inner(), order]);",
    ].join("\n"),
    "lib/a.ts": [
      'import { order } from "./order";',
      "export const a: number = ((await Promise.resolve({ n: 1 })) as { n: number }).n;",
      'order.push("a");',
      "export { order };",
    ].join("\n"),
    "lib/late.ts": 'import { order } from "./order";\nexport const late: string = "late";\norder.push("late");',
    "lib/order.ts": "export const order: string[] = [];",
  });
  assert.equal(await app.ask("/"), '200 ["1,2","late",3,["a","late"]]');
  await app.save({ "lib/late.ts": 'export const late = await Promise.resolve("later");' });
  assert.equal(await app.ask("/"), '200 ["1,2","later",3,["a","late"]]');
});

test("an await that is no expression is refused where modules are functions, with its place", async (t) => {
  const app = await open(t, {
    "routes/index.ts": "for await (const a of [1]) console.log(a);\nexport const GET = () => new Response();",
  });
  await assert.rejects(app.ask("/"), {
    code: "DEV_TOP_LEVEL_AWAIT",
    message: /^routes\/index\.ts:1:\d+: The build takes `for await`/,
  });
});

test("places in texts are places in the user's files", async (t) => {
  const app = await open(t, {
    "routes/(group)/[id].ts":
      "interface A { b: string }\n\nexport const GET = () => new Response(new Error('here').stack);",
  });
  const stack = await app.ask("/x");
  assert.match(stack, /routes\/\(group\)\/\[id\]\.ts@1:\d+:\d+/);
  const line = 2; // what `new Function` puts in front
  const moved = stack.replace(/@1:(\d+):/g, (_all, at: string) => `@1:${Number(at) - line}:`);
  assert.ok(
    app.graph.mapStack(moved).includes(`${join(app.root, "routes/(group)/[id].ts")}:3:`),
    app.graph.mapStack(moved),
  );
});
