import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { App, Match } from "@godwit/core/types";
import { createFolder, writeFiles } from "./bundle.fixture.ts";
import { openDev } from "./dev.ts";
import type { DevChange, DevGraph } from "./dev-contract.ts";

interface AppModule {
  default(shared: Map<unknown, unknown>): App;
  behind?: Match;
}

interface Opened {
  root: string;
  graph: DevGraph;
  /** Status and text of the answer, through the dispatcher, as the swapping app would. */
  ask(path: string): Promise<string>;
  version(id: string): Promise<string>;
  /** Writes files (null: deletes them) and says so. */
  save(files: Record<string, string | null>): Promise<DevChange>;
}

async function open(t: TestContext, files: Record<string, string>): Promise<Opened> {
  const root = createFolder(t, files);
  const graph = await openDev({
    root,
    adaptersFrom: import.meta.url,
    settings: { platform: "node", target: "node22", conditions: ["node"], mainFields: ["main"], format: "esm" },
    external: [],
  });
  t.after(() => graph.close());
  const load = async (id: string): Promise<AppModule> => {
    const { module } = await graph.resolve({ format: "import", id });
    return (await import(module)) as AppModule; // what the graph writes
  };
  return {
    root,
    graph,
    async ask(path) {
      const dispatcher = await load("dispatcher");
      const found = dispatcher.behind?.(path);
      const { default: create } = found ? await load(found.route.pattern) : dispatcher;
      const response = await create(new Map()).fetch(new Request(`http://localhost${path}`));
      return `${response.status} ${await response.text()}`;
    },
    version: async (id) => (await graph.resolve({ format: "import", id })).version,
    save(changes) {
      for (const [path, text] of Object.entries(changes)) {
        if (text === null) rmSync(join(root, path));
        else writeFiles(root, { [path]: text });
      }
      return graph.change(Object.keys(changes).map((path) => join(root, path)));
    },
  };
}

const say = (expression: string, head = "") =>
  `${head}\nexport const GET = () => new Response(String(${expression}));\n`;

test("an edit makes new what imports the file, and leaves the state of the rest", async (t) => {
  const app = await open(t, {
    "routes/a.ts": say(
      "word + count()",
      'import { word } from "../lib/word";\nimport { count } from "../lib/count.ts";',
    ),
    "routes/b.ts": say("count()", 'import { count } from "../lib/count";'),
    "lib/word.ts": 'export const word: string = "one";',
    "lib/count.ts": "let n = 0;\nexport const count = () => ++n;",
  });
  assert.deepEqual(
    [await app.ask("/a"), await app.ask("/b"), await app.ask("/c").then((text) => text.slice(0, 3))],
    ["200 one1", "200 2", "404"],
  );
  const [a, b] = [await app.version("/a"), await app.version("/b")];
  const change = await app.save({ "lib/word.ts": 'export const word: string = "two";' });
  assert.deepEqual(change, { updated: ["lib/word.ts"], added: [], removed: [], relinked: false, failures: [] });
  assert.equal(await app.ask("/a"), "200 two3");
  assert.notEqual(await app.version("/a"), a);
  assert.equal(await app.version("/b"), b);
  assert.deepEqual((await app.save({ "lib/word.ts": 'export const word: string = "two";' })).updated, []);
});

test("while a file is broken its last good version answers, and the failure has a place", async (t) => {
  const app = await open(t, { "routes/index.ts": say('"good"') });
  assert.equal(await app.ask("/"), "200 good");
  const broken = await app.save({ "routes/index.ts": "\nexport const GET = () => new Response(;\n" });
  assert.equal(broken.failures.length, 1);
  const [failure] = broken.failures;
  assert.deepEqual(
    [failure?.code, failure?.file, failure?.line, failure?.column],
    ["DEV_BUILD_FAILED", "routes/index.ts", 2, 39],
  );
  assert.match(failure?.frame ?? "", /2 \| export const GET[\s\S]*\^/);
  assert.equal(await app.ask("/"), "200 good");
  const mended = await app.save({ "routes/index.ts": say('"mended"') });
  assert.deepEqual(mended.failures, []);
  assert.equal(await app.ask("/"), "200 mended");
});

test("a route that comes, is renamed or goes changes the table and no other route", async (t) => {
  const app = await open(t, { "routes/a.ts": say('"a"'), "routes/z.ts": say('"z"') });
  await app.ask("/a");
  const version = await app.version("/a");
  assert.deepEqual((await app.save({ "routes/[id].ts": say('"id"') })).added, ["/[id]"]);
  assert.equal(await app.ask("/any"), "200 id");
  const renamed = await app.save({ "routes/[id].ts": null, "routes/b.ts": say('"b"') });
  assert.deepEqual([renamed.added, renamed.removed], [["/b"], ["/[id]"]]);
  assert.equal(await app.ask("/b"), "200 b");
  assert.match(await app.ask("/any"), /^404/);
  assert.equal(await app.version("/a"), version);
  const clash = await app.save({ "routes/b/index.ts": say('"other"') });
  assert.equal(clash.failures[0]?.code, "ROUTE_CONFLICT");
  assert.equal(await app.ask("/b"), "200 b");
  assert.deepEqual((await app.save({ "routes/b/index.ts": null })).failures, []);
});

test("a file that is gone is a failure of who imports it, until it is back", async (t) => {
  const app = await open(t, {
    "routes/index.ts": say("word", 'import { word } from "../lib/word";'),
    "lib/word.ts": 'export const word = "one";',
  });
  await app.ask("/");
  const { failures } = await app.save({ "lib/word.ts": null });
  assert.ok(
    failures.some(({ file, line, message }) => file === "routes/index.ts" && line === 1 && /lib\/word/.test(message)),
  );
  assert.equal(await app.ask("/"), "200 one");
  assert.deepEqual((await app.save({ "lib/word.ts": 'export const word = "back";' })).failures, []);
  assert.equal(await app.ask("/"), "200 back");
});

test("what was never good is an error with its place, and a handler without a method's name is one", async (t) => {
  const app = await open(t, {
    "routes/a.ts": 'import "../lib/missing";\nexport const GET = () => new Response();',
    "routes/b.ts": "export const get = () => new Response('b');",
  });
  await assert.rejects(app.ask("/a"), { code: "DEV_BUILD_FAILED", message: /^routes\/a\.ts:1:8: Could not resolve/ });
  await assert.rejects(app.ask("/b"), { code: "ROUTE_WITHOUT_HANDLER" });
  assert.equal((await app.save({})).failures.length, 2);
  assert.deepEqual(
    (await app.save({ "routes/b.ts": say('"b"') })).failures.map(({ file }) => file),
    ["routes/a.ts"],
  );
  assert.equal(await app.ask("/b"), "200 b");
  assert.deepEqual((await app.save({ "lib/missing.ts": "" })).failures, []);
  assert.match(await app.ask("/a"), /^200/);
});

test("middleware, env, the error answer and the 404 answer are live", async (t) => {
  t.mock.method(console, "error", () => {}); // what is thrown is logged
  const app = await open(t, { "routes/index.ts": "export const GET = () => { throw new Error('no'); };" });
  assert.match(await app.ask("/"), /^500/);
  await app.save({ "routes/_error.ts": 'export default () => new Response("caught", { status: 500 });' });
  assert.equal(await app.ask("/"), "500 caught");
  await app.save({ "routes/_not-found.ts": 'export default () => new Response("lost", { status: 404 });' });
  assert.equal(await app.ask("/x"), "404 lost");
  await app.save({ "routes/_middleware.ts": 'export default () => new Response("first");' });
  assert.deepEqual([await app.ask("/"), await app.ask("/x")], ["200 first", "200 first"]);
  await app.save({ "routes/_middleware.ts": 'export default () => new Response("second");' });
  assert.deepEqual([await app.ask("/"), await app.ask("/x")], ["200 second", "200 second"]);
  const lost = await app.save({ "routes/_middleware.ts": "export const none = 1;" });
  assert.deepEqual(
    lost.failures.map(({ code, file }) => [code, file]),
    [["DEFAULT_MISSING", "routes/_middleware.ts"]],
  );
  assert.deepEqual([await app.ask("/"), await app.ask("/x")], ["200 second", "200 second"]);
  await app.save({ "routes/_middleware.ts": null, "routes/_error.ts": null });
  assert.match(await app.ask("/"), /^500 \{/);
});

test("cycles, top-level await, dynamic import, CommonJS packages, JSON and the file's own URL work", async (t) => {
  const app = await open(t, {
    "routes/index.ts": say(
      "JSON.stringify([a(), waited, (await_ ??= 0), word, old.word, data.a, import.meta.filename.slice(-15)])",
      [
        'import { a } from "../lib/a";',
        'import old, { word } from "old";',
        'import data from "../lib/data.json" with { type: "json" };',
        'const { waited } = await import("../lib/wait");',
        "let await_: number | undefined;",
      ].join("\n"),
    ),
    "lib/a.ts": 'import { b } from "./b";\nexport const a = () => b();\nexport const name = "a";',
    "lib/b.ts": 'import { name } from "./a";\nexport const b = () => "b of " + name;',
    "lib/wait.ts": 'export const waited = await Promise.resolve("waited");',
    "lib/data.json": '{ "a": 1 }',
    "node_modules/old/package.json": '{ "name": "old", "version": "1.0.0", "main": "index.js" }',
    "node_modules/old/index.js": 'exports.word = "old";',
  });
  const answer = (name: string, waited: string) =>
    `200 ${JSON.stringify([`b of ${name}`, waited, 0, "old", "old", 1, "routes/index.ts"])}`;
  assert.equal(await app.ask("/"), answer("a", "waited"));
  await app.save({ "lib/a.ts": 'import { b } from "./b";\nexport const a = () => b();\nexport const name = "A";' });
  assert.equal(await app.ask("/"), answer("A", "waited"));
  await app.save({ "lib/wait.ts": 'export const waited = await Promise.resolve("again");' });
  assert.equal(await app.ask("/"), answer("A", "again"));
});

test("places in modules are places in the user's files", async (t) => {
  const app = await open(t, {
    "routes/(group)/[id].ts":
      "interface A { b: string }\n\nexport const GET = () => new Response(new Error(import.meta.url).stack);",
  });
  const stack = await app.ask("/x");
  assert.match(stack, /\.godwit\/dev\/.*\.mjs:\d+:\d+/);
  const mapped = app.graph.mapStack(stack);
  assert.ok(mapped.includes(`${join(app.root, "routes/(group)/[id].ts")}:3:`), mapped);
  assert.equal(app.graph.mapStack("nothing here: 1:2"), "nothing here: 1:2");
});

test("a new environment makes every app anew and no module", async (t) => {
  const app = await open(t, { "routes/index.ts": `let n = 0;\n${say("++n")}` });
  await app.ask("/");
  const version = await app.version("/");
  app.graph.renew();
  assert.notEqual(await app.version("/"), version);
  assert.equal(await app.ask("/"), "200 2");
});

test("a file that no request has reached is told to be broken when it is saved, and mended", async (t) => {
  const app = await open(t, {
    "routes/a.ts": say("word", 'import { word } from "../lib/word";'),
    "routes/b/_middleware.ts": "export default (_request, _context, next) => next();",
    "routes/b/index.ts": say("1"),
    "lib/word.ts": 'export const word = "one";',
    "lib/other.ts": "",
  });
  const places = async (files: Record<string, string>) =>
    (await app.save(files)).failures.map(({ file, line, column, frame }) => {
      assert.match(frame ?? "", /\^/);
      return `${file}:${line}:${column}`;
    });
  assert.deepEqual(await places({ "routes/a.ts": "\nexport const GET = (;" }), ["routes/a.ts:2:21"]);
  assert.deepEqual(await places({ "routes/a.ts": say("word", 'import { word } from "../lib/word";') }), []);
  assert.deepEqual(await places({ "routes/b/_middleware.ts": "export default (;" }), ["routes/b/_middleware.ts:1:17"]);
  assert.deepEqual(await places({ "routes/b/_middleware.ts": "export default (_r, _c, next) => next();" }), []);
  assert.deepEqual(await places({ "routes/_not-found.ts": "export default (;" }), ["routes/_not-found.ts:1:17"]);
  assert.deepEqual(await places({ "routes/_not-found.ts": "export default () => new Response();" }), []);
  assert.deepEqual(await places({ "routes/new.ts": "export const GET = (;" }), ["routes/new.ts:1:21"]);
  assert.deepEqual(await places({ "routes/new.ts": say("1") }), []);
  assert.equal(await app.ask("/a"), "200 one");
});

test("a file beside the routes counts as broken where a route reaches it, asked for or not", async (t) => {
  const app = await open(t, {
    "routes/a.ts": say("word", 'import { word } from "../lib/word";'),
    "lib/word.ts": 'export const word = "one";',
  });
  assert.deepEqual((await app.save({ "lib/stray.ts": "export const (;" })).failures, []);
  const { failures, updated } = await app.save({ "lib/word.ts": "export const word = ;" });
  assert.deepEqual(
    failures.map(({ file, line }) => `${file}:${line}`),
    ["lib/word.ts:1"],
  );
  assert.deepEqual(updated, []);
  assert.deepEqual((await app.save({ "lib/word.ts": 'export const word = "two";' })).failures, []);
  assert.equal(await app.ask("/a"), "200 two");
});

test("a change says whether something else is imported or asked for than before", async (t) => {
  const app = await open(t, { "routes/a.ts": say("1"), "lib/word.ts": 'export const word = "one";' });
  await app.ask("/a");
  const relinked = async (text: string) => (await app.save({ "routes/a.ts": text })).relinked;
  assert.equal(await relinked(say("2")), false);
  assert.equal(await relinked(say("word", 'import { word } from "../lib/word";')), true);
  assert.equal(await relinked(say("word + 1", 'import { word } from "../lib/word";')), false);
  assert.equal(await relinked(say("word", 'import { word } from "../lib/word"; import "node:fs";')), true);
  assert.equal(await relinked(say("1", 'export const config = { timeout: "1s" };')), true);
  assert.equal(await relinked(say("2", 'export const config = { timeout: "1s" };')), false);
});
