import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { App, Match } from "@godwit/core/types";
import { createFolder, writeFiles } from "./bundle.fixture.ts";
import { openDev } from "./dev.ts";
import type { DevChange, DevGraph } from "./dev-contract.ts";

interface AppModule {
  default(shared: Map<never, unknown>): App;
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
  assert.deepEqual(change, { updated: ["lib/word.ts"], added: [], removed: [], failures: [] });
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
