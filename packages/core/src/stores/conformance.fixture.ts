/**
 * What every driver must do. A driver's test calls `conformTo` with a way to open an empty store.
 * @module
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { KeyValueStore, Store, StoreGuarantees } from "./store.ts";

export interface Subject {
  name: string;
  guarantees: StoreGuarantees;
  open(t: TestContext): Promise<Store> | Store;
}

type Check = (what: string, run: (store: KeyValueStore, t: TestContext) => Promise<void>) => void;

export function conformTo({ name, guarantees, open }: Subject): void {
  const check: Check = (what, run) => test(`${name}: ${what}`, async (t) => run(await open(t), t));
  const lists = guarantees.list !== "none";

  check("what is set is read back, as text, bytes and JSON", async (store) => {
    assert.equal(await store.get("absent"), undefined);
    await store.set("text", "Füße 🐦");
    assert.equal((await store.get("text"))?.text(), "Füße 🐦");
    assert.deepEqual((await store.get("text"))?.bytes, new TextEncoder().encode("Füße 🐦"));
    await store.set("json", JSON.stringify({ a: [1, null] }));
    assert.deepEqual((await store.get("json"))?.json(), { a: [1, null] });
  });

  check("bytes are kept whatever they are, a byte order mark too", async (store) => {
    const bytes = Uint8Array.from({ length: 512 }, (_, at) => at % 256);
    await store.set("bytes", bytes);
    assert.deepEqual((await store.get("bytes"))?.bytes, bytes);
    await store.set("part", bytes.subarray(3, 7));
    assert.deepEqual((await store.get("part"))?.bytes, bytes.slice(3, 7));
    await store.set("mark", "\uFEFFa");
    assert.equal((await store.get("mark"))?.text(), "\uFEFFa");
  });

  check("what the caller does with its bytes changes no store", async (store) => {
    const bytes = new Uint8Array([1, 2, 3]);
    const setting = store.set("own", bytes);
    bytes[0] = 9;
    await setting;
    (await store.get("own"))?.bytes.fill(7);
    assert.deepEqual((await store.get("own"))?.bytes, new Uint8Array([1, 2, 3]));
  });

  check("zero and empty values are values", async (store) => {
    await store.set("empty", "");
    await store.set("none", new Uint8Array());
    await store.set("zero", "0");
    await store.set("nul", "\0");
    assert.equal((await store.get("empty"))?.text(), "");
    assert.equal((await store.get("none"))?.bytes.length, 0);
    assert.equal((await store.get("zero"))?.json(), 0);
    assert.equal((await store.get("nul"))?.text(), "\0");
  });

  const KEYS = [
    "a b",
    "a/b?c=d#e",
    "%2F",
    "ß",
    "日本",
    "🐦",
    "\uFF5E",
    "a\0b",
    "'; DROP TABLE x",
    "__proto__",
    "k".repeat(512),
  ];
  check("a key is any text of up to 512 bytes", async (store) => {
    for (const key of KEYS) await store.set(key, `value of ${key}`);
    for (const key of KEYS) assert.equal((await store.get(key))?.text(), `value of ${key}`);
    if (!lists) return;
    const sorted = KEYS.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const listed = (await store.list()).keys.map(({ key }) => key);
    assert.deepEqual(listed, sorted, "in the order of their bytes");
  });

  check("what is no key is refused by name", async (store) => {
    for (const key of ["", ".", "..", "k".repeat(513), "ü".repeat(257), "\uD800"]) {
      for (const run of [() => store.get(key), () => store.set(key, ""), () => store.delete(key)]) {
        await assert.rejects(run, { code: "STORE_KEY_INVALID" });
      }
    }
  });

  check("setting replaces the value, its metadata and its TTL", async (store, t) => {
    t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
    await store.set("key", "one", { ttl: 60, metadata: { by: "ada" } });
    assert.deepEqual((await store.get("key"))?.metadata, { by: "ada" });
    await store.set("key", "two");
    t.mock.timers.tick(61_000);
    const found = await store.get("key");
    assert.deepEqual([found?.text(), found?.metadata], ["two", undefined]);
  });

  check("a value is gone when its TTL is over, for get and list alike, by fractions of a second", async (store, t) => {
    t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
    await store.set("short", "x", { ttl: 0.5 });
    await store.set("long", "y", { ttl: 3600 });
    t.mock.timers.tick(499);
    assert.equal((await store.get("short"))?.text(), "x");
    t.mock.timers.tick(1);
    assert.equal(await store.get("short"), undefined);
    assert.equal((await store.get("long"))?.text(), "y");
    if (lists) assert.deepEqual((await store.list()).keys, [{ key: "long" }]);
    await store.set("short", "again");
    assert.equal((await store.get("short"))?.text(), "again");
  });

  check("a TTL that is none, metadata and values that are too large are refused by name", async (store) => {
    const invalid = { code: "STORE_VALUE_INVALID" };
    for (const ttl of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(store.set("key", "x", { ttl }), invalid);
    }
    await assert.rejects(store.set("key", "x", { metadata: "ü".repeat(256) }), invalid);
    await assert.rejects(store.set("key", new Uint8Array(guarantees.maxValue + 1)), invalid);
    assert.equal(await store.get("key"), undefined);
  });

  check("a value as large as the driver declares is kept", async (store) => {
    const bytes = new Uint8Array(guarantees.maxValue).fill(7);
    bytes[guarantees.maxValue - 1] = 8;
    await store.set("large", bytes, { metadata: "m".repeat(510) });
    const found = await store.get("large");
    assert.equal(found?.bytes.length, guarantees.maxValue);
    assert.ok(Buffer.from(bytes).equals(found.bytes));
  });

  check("delete forgets, and what is not there is no error", async (store) => {
    await store.set("key", "x");
    await store.delete("key");
    await store.delete("key");
    assert.equal(await store.get("key"), undefined);
    if (lists) assert.deepEqual(await store.list(), { keys: [], cursor: undefined });
  });

  if (lists) listTo(check);
  else {
    check("no list is told by name", async (store) => {
      await store.set("key", "x");
      await assert.rejects(store.list(), { code: "STORE_UNLISTABLE" });
    });
  }

  check("counters are there where the driver declares them, and only there", async (_, t) => {
    assert.equal(guarantees.counters !== undefined, (await open(t)).counters !== undefined);
  });

  check("writes at once are all there, whole", async (store) => {
    await Promise.all(Array.from({ length: 50 }, (_, at) => store.set(`w:${at}`, `${at}`.repeat(100))));
    const found = await Promise.all(Array.from({ length: 50 }, (_, at) => store.get(`w:${at}`)));
    assert.deepEqual(
      found.map((value) => value?.text()),
      Array.from({ length: 50 }, (_, at) => `${at}`.repeat(100)),
    );
  });
}

function listTo(check: Check): void {
  check("list tells the keys below a prefix with their metadata", async (store) => {
    await store.set("user:1", "x", { metadata: [1] });
    await store.set("user:2", "x");
    await store.set("user:\u{10FFFF}", "x");
    await store.set("user;", "x");
    await store.set("post:1", "x");
    await store.set("100%_", "x");
    assert.deepEqual((await store.list({ prefix: "user:" })).keys, [
      { key: "user:1", metadata: [1] },
      { key: "user:2" },
      { key: "user:\u{10FFFF}" },
    ]);
    assert.deepEqual((await store.list({ prefix: "100%" })).keys, [{ key: "100%_" }]);
    assert.deepEqual((await store.list({ prefix: "none" })).keys, []);
  });

  check("a long list comes in pages, each key once", async (store) => {
    const all = Array.from({ length: 1_050 }, (_, at) => `p:${String(at).padStart(4, "0")}`);
    for (const key of all) await store.set(key, "");
    await store.set("q", "");
    const sizes = async (limit?: number) => {
      const pages: string[][] = [];
      let cursor: string | undefined;
      do {
        const page = await store.list({ prefix: "p:", limit, cursor });
        pages.push(page.keys.map(({ key }) => key));
        cursor = page.cursor;
      } while (cursor !== undefined);
      assert.deepEqual(pages.flat(), all);
      return pages.map((page) => page.length).filter((length) => length > 0);
    };
    assert.deepEqual(await sizes(), [1000, 50]);
    assert.deepEqual(await sizes(400), [400, 400, 250]);
  });
}
