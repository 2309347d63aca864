import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import type { Emulator, Tools } from "@godwit/bundler/contracts";
import { conformTo } from "@godwit/core/stores/conformance.fixture";
import { open, runtimeCache } from "@godwit/core/stores/runtime-cache";
import { createCacheClient } from "./_emulate/cache-client.ts";
import { RuntimeCache } from "./_emulate/runtime-cache.ts";
import { type Built, buildApp } from "./build.fixture.ts";
import { emulate } from "./emulate.ts";

const KEY = Symbol.for("@vercel/request-context");
const holder = globalThis as { [key: symbol]: unknown }; // where Vercel's launchers put it

function give(cache: object | undefined): void {
  holder[KEY] = { get: () => ({ cache }) };
}

conformTo({
  name: "runtime-cache",
  guarantees: runtimeCache().guarantees,
  open(t) {
    const cache = new RuntimeCache();
    give(createCacheClient(async (call) => cache.call(call)));
    t.after(() => delete holder[KEY]);
    return open({}, { name: "main" });
  },
});

test("where the request has no Runtime Cache, or one that fails, the store says so", async (t) => {
  const store = open({}, { name: "main" });
  const failed = { code: "STORE_FAILED", message: /"main"/ };
  await assert.rejects(store.get("key"), failed);
  t.after(() => delete holder[KEY]);
  const down = async () => {
    throw new TypeError("fetch failed");
  };
  give({ get: down, set: down, delete: down });
  await assert.rejects(store.get("key"), { ...failed, message: /fetch failed/ });
  await assert.rejects(store.set("key", "x"), failed);
  await assert.rejects(store.delete("key"), failed);
  give({ get: () => new Promise(() => {}) });
  await assert.rejects(store.get("key"), { code: "STORE_UNREACHABLE" });
});

test("stores of two names share a cache and no keys", async (t) => {
  const cache = new RuntimeCache();
  give(createCacheClient(async (call) => cache.call(call)));
  t.after(() => delete holder[KEY]);
  const [a, b] = [open({}, { name: "a" }), open({}, { name: "b" })];
  await a.set("key", "of a");
  assert.equal(await b.get("key"), undefined);
  await b.delete("key");
  assert.equal((await a.get("key"))?.text(), "of a");
});

const STORE = `
  import { open } from "@godwit/core/stores/runtime-cache";
  const store = open({}, { name: "main" });
  export const GET = async (request) => {
    const found = await store.get("key");
    return new Response(found ? found.text() + JSON.stringify(found.metadata) : "none");
  };
  export const PUT = async (request) => {
    await store.set("key", await request.text(), { ttl: 60, metadata: { by: "ada" } });
    return new Response();
  };
`;
/** Vercel's own client, as an app would use it beside. */
const CLIENT = `
  import { getCache } from "@vercel/functions";
  export const GET = async () => {
    const value = await getCache({ namespace: "own" }).get("key");
    return Response.json({ value, ofThisRealm: value === null || value instanceof Object });
  };
  export const PUT = async (request, context) => {
    const cache = getCache({ namespace: "own" });
    const { value, ttl } = await request.json();
    context.waitUntil(Promise.resolve().then(() => cache.set("key", value, { ttl, tags: ["all"] })));
    return new Response();
  };
  export const DELETE = async () => {
    await getCache().expireTag(["some", "all"]);
    return new Response();
  };
  export const POST = async () => {
    await getCache().set("large", "x".repeat(2_000_000));
    return Response.json(await getCache().get("large"));
  };
`;

let built: Built;
let emulator: Emulator;
const lines: string[] = [];

before(async () => {
  const require = createRequire(import.meta.url);
  const tools: Tools = {
    "edge-runtime": { path: require.resolve("edge-runtime"), load: () => import("edge-runtime") },
  };
  built = await buildApp({
    functions: (["edge", "node"] as const).map((variant) => ({
      id: variant,
      variant,
      routes: [
        { pattern: `/${variant}/store`, source: STORE },
        { pattern: `/${variant}/client`, source: CLIENT },
      ],
    })),
  });
  emulator = await emulate(built, tools);
  void (async () => {
    for await (const { text } of emulator.logs) lines.push(text);
  })();
});
after(async () => {
  await emulator.close();
  built.remove();
});

const ask = async (path: string, method = "GET", body?: string) => {
  const response = await emulator.fetch(new Request(new URL(path, emulator.url), { method, body }));
  assert.equal(response.status, 200, path);
  return response.text();
};

test("a value that an Edge function set is read by a Node function, and the other way round", async () => {
  assert.equal(await ask("/node/store"), "none");
  await ask("/edge/store", "PUT", "Füße");
  assert.equal(await ask("/node/store"), 'Füße{"by":"ada"}');
  await ask("/node/store", "PUT", "two");
  assert.equal(await ask("/edge/store"), 'two{"by":"ada"}');
});

test("getCache() of @vercel/functions finds the emulated cache on both runtimes", async () => {
  const read = async (runtime: string) => JSON.parse(await ask(`/${runtime}/client`));
  assert.deepEqual(await read("edge"), { value: null, ofThisRealm: true });
  await ask("/edge/client", "PUT", JSON.stringify({ value: { a: [1, "ü"] } }));
  assert.deepEqual(await read("node"), { value: { a: [1, "ü"] }, ofThisRealm: true });
  assert.deepEqual(await read("edge"), { value: { a: [1, "ü"] }, ofThisRealm: true });
  await ask("/node/client", "DELETE");
  assert.deepEqual(await read("edge"), { value: null, ofThisRealm: true });
  assert.ok(!lines.some((line) => line.includes("Falling back")), lines.join("\n"));
});

test("an item of more than 2 MB is not kept, and the log says so", async () => {
  assert.equal(await ask("/node/client", "POST"), "null");
  assert.equal(await ask("/edge/client", "POST"), "null");
  assert.ok(lines.some((line) => line.includes("2000002 bytes")));
});
