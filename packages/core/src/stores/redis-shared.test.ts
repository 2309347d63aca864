import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fixedWindow } from "../rate-limit/fixed-window.ts";
import { startRedis } from "../rate-limit/redis.fixture.ts";
import { open as openRedis } from "./redis.ts";
import type { Store } from "./store.ts";
import { takeAtOnce } from "./takers.fixture.ts";
import { startFront } from "./upstash.fixture.ts";
import { open as openUpstash } from "./upstash.ts";

const server = await startRedis();
const front = await startFront(server.path, "secret");
after(async () => {
  await front.close();
  await server.close();
});

const bindings = {
  REDIS_URL: server.path,
  UPSTASH_REDIS_REST_URL: front.url,
  UPSTASH_REDIS_REST_TOKEN: "secret",
};
const openBoth = (name: string): [tcp: Store, rest: Store] => [
  openRedis({ deadline: 10_000 }, { name, bindings }),
  openUpstash({ deadline: 10_000 }, { name, bindings }),
];

test("what one driver wrote the other reads, whatever the bytes are, and lists with its metadata", async () => {
  const [tcp, rest] = openBoth("values");
  const values: Record<string, string | Uint8Array> = {
    "🐦": "Füße 🐦",
    bytes: Uint8Array.from({ length: 512 }, (_, at) => at % 256),
    control: "\u0001".repeat(300),
    empty: "",
    mark: "\uFEFFa",
    ok: "OK",
    "\0": new Uint8Array([0xff]),
  };
  for (const [from, to] of [
    [tcp, rest],
    [rest, tcp],
  ] as const) {
    for (const [key, value] of Object.entries(values)) await from.set(key, value, { metadata: { of: key }, ttl: 60 });
    for (const [key, value] of Object.entries(values)) {
      const found = await to.get(key);
      assert.deepEqual(found?.bytes, typeof value === "string" ? new TextEncoder().encode(value) : value, key);
      assert.deepEqual(found?.metadata, { of: key });
    }
    const listed = await to.list({ limit: 7 });
    const sorted = Object.keys(values).sort();
    assert.deepEqual(
      listed.keys,
      // Of these keys the order of UTF-16 is that of UTF-8.
      sorted.map((key) => ({ key, metadata: { of: key } })),
    );
    for (const key of sorted) await to.delete(key);
    assert.deepEqual(await from.list(), { keys: [], cursor: undefined });
  }
});

test("a key that one driver sets for ever is no longer the other's that expires", async () => {
  const [tcp, rest] = openBoth("ever");
  await tcp.set("key", new Uint8Array([0xff]), { ttl: 60 });
  await rest.set("key", "text");
  assert.equal(await server.send("PTTL", "{ever}:v:key"), -1);
  assert.equal((await tcp.get("key"))?.text(), "text");
  await rest.set("key", new Uint8Array([0xff]), { ttl: 60 });
  await tcp.set("key", "again");
  assert.equal((await rest.get("key"))?.text(), "again");
});

test("of 1,000 takes at once by both drivers on a limit of 100 exactly 100 go through", async () => {
  const stores = openBoth("counters");
  const rules = [{ algorithm: fixedWindow, limit: 100, window: 86_400_000_000 }];
  const all = await Promise.all(Array.from({ length: 1_000 }, (_, at) => stores[at % 2]?.counters?.take("key", rules)));
  assert.equal(all.filter((taken) => taken?.allowed).length, 100);
});

test("a lease of one driver is held for the other, and its tokens go on", async () => {
  const [tcp, rest] = openBoth("leases");
  const first = await tcp.counters?.lease("key", 60);
  assert.equal(await rest.counters?.lease("key", 60), undefined);
  await first?.release();
  const second = await rest.counters?.lease("key", 60);
  assert.ok(first && second && second.token > first.token);
  await first.release();
  assert.equal(await tcp.counters?.lease("key", 60), undefined);
});

test("tokens grow even where the last one was lost", async () => {
  const [tcp] = openBoth("lost");
  const first = await tcp.counters?.lease("key", 60);
  await server.send("DEL", "{lost}:t", "{lost}:l:key");
  const second = await tcp.counters?.lease("key", 60);
  assert.ok(first && second && second.token > first.token);
});

test("4 processes with 500 takes at once each, by either driver, let exactly 100 through, and end by themselves", async () => {
  const rest = { UPSTASH_REDIS_REST_URL: front.url, UPSTASH_REDIS_REST_TOKEN: "secret" };
  const options = { deadline: 20_000 };
  const tcp = { driver: "redis", options, bindings: { REDIS_URL: server.path }, takes: 500 };
  const http = { driver: "upstash", options, bindings: rest, takes: 500 };
  assert.equal(await takeAtOnce([tcp, http, tcp, http]), 100);
});

test("each call is one round trip once the server knows the script, and two where it does not", async () => {
  const [tcp, rest] = openBoth("trips");
  const rules = [{ algorithm: fixedWindow, limit: 100, window: 60_000 }];
  const calls: Record<string, (store: Store) => Promise<unknown>> = {
    get: (store) => store.get("key"),
    set: (store) => store.set("key", "x", { ttl: 60 }),
    list: (store) => store.list(),
    delete: (store) => store.delete("key"),
    take: async (store) => store.counters?.take("key", rules),
    lease: async (store) => store.counters?.lease("key", 60),
  };
  for (const [name, run] of Object.entries(calls)) {
    await run(tcp);
    const before = front.requests;
    await run(rest);
    assert.equal(front.requests - before, 1, name);
  }
  await server.send("SCRIPT", "FLUSH");
  for (const [name, run] of Object.entries(calls)) {
    const before = front.requests;
    await run(rest);
    assert.equal(front.requests - before, name === "get" ? 1 : 2, name);
    await server.send("SCRIPT", "FLUSH");
    await run(tcp);
  }
});

test("all keys of a store lie in one slot of a cluster, and a prefix keeps two apart", async () => {
  const own = openRedis({ prefix: "app", deadline: 10_000 }, { name: "main", bindings });
  const other = openRedis({ deadline: 10_000 }, { name: "main", bindings });
  await own.set("key", "x", { ttl: 60 });
  await own.counters?.lease("key", 60);
  await own.counters?.take("key", [{ algorithm: fixedWindow, limit: 1, window: 60_000 }]);
  assert.equal(await other.get("key"), undefined);
  const keys = await server.send("KEYS", "{app}:*");
  assert.ok(Array.isArray(keys));
  assert.deepEqual(keys.sort(), ["{app}:c:key", "{app}:i", "{app}:l:key", "{app}:t", "{app}:v:key", "{app}:x"]);
});
