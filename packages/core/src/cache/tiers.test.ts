import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { linesOf } from "../app.fixture.ts";
import { invalidateKey, invalidateTag } from "../cache.ts";
import type { CacheOptions } from "../middleware/cache.ts";
import { open } from "../stores/memory.ts";
import { counted, instanceOf, watched } from "./instances.fixture.ts";

const NOW = Date.UTC(2026, 9, 21, 7, 28, 0);
const freeze = (t: TestContext) => t.mock.timers.enable({ apis: ["Date"], now: NOW });
const main = { store: "main" };
const options: CacheOptions = { ...main, memory: { maxStale: "1s" }, tags: ["a"] };

test("a memory before the store answers without it, its tags and those that nobody invalidated included", async (t) => {
  freeze(t);
  const { store, take } = watched(open());
  const { ask } = instanceOf(counted, options, { main: store });
  await ask();
  take();
  assert.match(await ask(), /^200 1 .*hit/);
  assert.deepEqual(take(), []);
  t.mock.timers.tick(1_001);
  assert.match(await ask(), /^200 1 .*hit/);
  assert.deepEqual(take(), ["get cache", "get tag"]);
});

test("a memory is as stale as it was given leave to be, and what its own instance forgets it forgets at once", async (t) => {
  freeze(t);
  const stores = { main: open() };
  const [one, two] = [instanceOf(counted, options, stores), instanceOf(counted, options, stores)];
  await one.ask();
  await two.ask();
  await one.within((context) => invalidateTag(context, "a", main));
  assert.match(await two.ask(), /^200 1 .*hit/);
  assert.match(await one.ask(), /^200 2 .*invalidated/);
  assert.match(await two.ask(), /^200 1 .*hit/);
  t.mock.timers.tick(1_001);
  assert.match(await two.ask(), /^200 2 .*hit/);
  await one.within((context) => invalidateKey(context, "http://app.test/", main));
  assert.match(await two.ask(), /^200 2 .*hit/);
  assert.match(await one.ask(), /^200 3 /);
  t.mock.timers.tick(1_001);
  assert.match(await two.ask(), /^200 3 .*hit/);
});

test("without a memory that is named nothing is stale", async () => {
  const stores = { main: open() };
  const [one, two] = [instanceOf(counted, main, stores), instanceOf(counted, main, stores)];
  await one.ask();
  assert.match(await two.ask(), /hit/);
  await one.within((context) => invalidateKey(context, "http://app.test/", main));
  assert.match(await two.ask(), /uri-miss/);
});

test("a nearer store stands between the memory and the store", async (t) => {
  freeze(t);
  const [edge, far] = [watched(open()), watched(open())];
  const near = { store: "edge", maxStale: "10s" } as const;
  const { ask } = instanceOf(counted, { ...options, near }, { main: far.store, edge: edge.store });
  await ask();
  edge.take();
  far.take();
  t.mock.timers.tick(2_000);
  assert.match(await ask(), /hit/);
  assert.deepEqual([edge.take(), far.take()], [["get cache", "get tag"], []]);
  t.mock.timers.tick(9_000);
  assert.match(await ask(), /hit/);
  assert.deepEqual(far.take(), ["get cache", "get tag"]);
});

test("a nearer store that fails is passed over", async () => {
  const fail = async () => {
    throw new Error("no edge");
  };
  const edge = { get: fail, set: fail, delete: fail, list: fail };
  const near = { store: "edge", maxStale: "10s" } as const;
  const { ask, within } = instanceOf(counted, { ...main, near }, { main: open(), edge });
  const lines = await linesOf(async () => {
    await ask();
    assert.match(await ask(), /^200 1 .*hit/);
    await within((context) => invalidateKey(context, "http://app.test/", main));
    assert.match(await ask(), /^200 2 /);
  });
  assert.deepEqual([...new Set(lines.map(({ message }) => message))], ["cache tier failed"]);
});

test("what is too large for the memory is kept in the store", async () => {
  const body = (count: number) =>
    new Response(`${count}`.repeat(9_000), { headers: { "cache-control": "max-age=60" } });
  const small: CacheOptions = { ...main, memory: { maxStale: "1s", maxBytes: 8_192 } };
  const { ask } = instanceOf(body, small, { main: open() });
  await linesOf(async () => {
    await ask();
    assert.match(await ask(), /^200 1{9000} .*hit/);
  });
});

test("a time that is none is told in the log, and nothing is stored", async () => {
  // @ts-expect-error
  const { ask } = instanceOf(counted, { ...main, memory: { maxStale: "soon" } }, { main: open() });
  const lines = await linesOf(async () => {
    await ask();
    assert.match(await ask(), /^200 2 .*store-error$/);
  });
  assert.match(JSON.stringify(lines[0]), /CACHE_DURATION_INVALID/);
});
