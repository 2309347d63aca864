import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createApp } from "../cli.fixture.ts";
import { buildTarget, emulateTarget } from "./build-target.ts";
import { loadProject } from "./config.ts";
import { loadApp } from "./load-app.ts";

const config = (stores: string) => `
  import { defineConfig, kv, memory, sqlite } from "godwit";
  export default defineConfig({ stores: ${stores}, cloudflare: { kv: { LINKS: { id: "abc" } } } });`;

const COUNT = `
  export async function GET(_: Request, context: any) {
    const store = context.store("main");
    const count = Number((await store.get("count"))?.text() ?? 0) + 1;
    await store.set("count", String(count));
    return new Response(String(count));
  }`;
const PLAIN = 'export const GET = () => new Response("plain");';
const ALL = '{ main: { node: sqlite(), cloudflare: kv("LINKS") }, unused: { cloudflare: kv("UNUSED") } }';

const codeOf = (root: string, files: readonly { path: string }[]) =>
  files.map(({ path }) => readFileSync(join(root, path), "utf8")).join("\n");

test("a KV store is a binding and a resource, and its driver is in the artefact alone", async (t) => {
  const root = await createApp(t, { "godwit.config.ts": config(ALL), "routes/index.ts": COUNT });
  const project = await loadProject(root);
  const { artefact, notices } = await buildTarget(project, "cloudflare");
  const { resources, functions } = artefact.manifest;
  const kvs = resources.filter(({ kind }) => kind === "kv");
  assert.deepEqual(kvs, [{ kind: "kv", name: "LINKS", spec: { id: "abc" } }]);
  const [fn] = functions;
  assert.ok(fn);
  const wrangler = JSON.parse(readFileSync(join(artefact.root, fn.id, "wrangler.json"), "utf8"));
  assert.deepEqual(wrangler.kv_namespaces, [{ binding: "LINKS", id: "abc" }]);
  const code = codeOf(artefact.root, fn.files);
  assert.match(code, /getWithMetadata/);
  assert.doesNotMatch(code, /node:sqlite|UNUSED|maxEntries/);
  assert.deepEqual(notices, []);
});

test("without a driver for the target it is in memory, which the build notes; other functions hold no store", async (t) => {
  const root = await createApp(t, {
    "godwit.config.ts": config(ALL),
    "routes/index.ts": COUNT,
    "routes/plain.ts": PLAIN,
  });
  const { artefact, notices } = await buildTarget(await loadProject(root), "lambda");
  assert.deepEqual(
    notices.map(({ code }) => code),
    ["STORE_PER_INSTANCE"],
  );
  const codes = new Map(
    artefact.manifest.functions.map(({ files, routes }) => [routes[0]?.pattern, codeOf(artefact.root, files)]),
  );
  assert.match(codes.get("/") ?? "", /STORE_UNKNOWN/);
  assert.doesNotMatch(codes.get("/plain") ?? "STORE", /STORE/);
});

test("SQLite keeps what one emulator wrote for the next, in the app's own folder", async (t) => {
  const root = await createApp(t, { "godwit.config.ts": config(ALL), "routes/index.ts": COUNT });
  const project = await loadProject(root);
  const { artefact } = await buildTarget(project, "node");
  const seen: string[] = [];
  for (let run = 0; run < 2; run++) {
    const emulator = await emulateTarget(project, "node", artefact);
    try {
      seen.push(await (await emulator.fetch(new Request(emulator.url))).text());
    } finally {
      await emulator.close();
    }
  }
  assert.deepEqual(seen, ["1", "2"]);
  assert.ok(existsSync(join(root, ".godwit/stores/main.sqlite")));
});

test("loadApp has stores of its own in memory, under the names of the config", async (t) => {
  const root = await createApp(t, {
    "godwit.config.ts": config(ALL),
    "routes/index.ts": COUNT,
    "routes/other.ts": 'export const GET = (_: Request, context: any) => context.store("other");',
  });
  const ask = async (app: Awaited<ReturnType<typeof loadApp>>, path = "/") =>
    app.fetch(new Request(`http://localhost${path}`));
  const [one, two] = [await loadApp(root), await loadApp(root)];
  assert.equal(await (await ask(one)).text(), "1");
  assert.equal(await (await ask(one)).text(), "2");
  assert.equal(await (await ask(two)).text(), "1");
  assert.equal((await ask(one, "/other")).status, 500);
  assert.ok(!existsSync(join(root, ".godwit/stores")));
  assert.match(readFileSync(join(root, ".godwit/types.d.ts"), "utf8"), /stores: "main" \| "unused";/);
});

test("what is no driver, no target or no name is an error with its path", async (t) => {
  const wrong = {
    '{ main: { node: "sqlite" } as any }': /stores\.main\.node: a store's driver/,
    "{ main: { moon: memory() } as any }": /stores\.main/,
    '{ "not a name": { node: memory() } }': /stores\.not a name/,
  };
  for (const [stores, message] of Object.entries(wrong)) {
    const root = await createApp(t, { "godwit.config.ts": config(stores), "routes/index.ts": PLAIN });
    await assert.rejects(loadProject(root), { code: "CONFIG_INVALID", message });
  }
});
