import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { linesOf } from "../app.fixture.ts";
import { type CacheContext, cached, cacheStats, invalidateTag } from "../cache.ts";
import { open } from "../stores/memory.ts";
import type { CachedOptions, Kept } from "./cached.ts";
import { counted, instanceOf, type Stores, watched } from "./instances.fixture.ts";

const NOW = Date.UTC(2026, 9, 21, 7, 28, 0);
const freeze = (t: TestContext) => t.mock.timers.enable({ apis: ["Date"], now: NOW });
const main = { store: "main" };

/** A function of an instance, and how often it ran. */
function subject<R>(
  work: (count: number, id: string) => R | Promise<R>,
  options: Partial<CachedOptions<[id: string]>> = {},
  stores?: Stores,
): { call(id?: string): Promise<Kept<R>>; ran(): number; within: ReturnType<typeof instanceOf>["within"] } {
  let count = 0;
  const get = cached((_context: CacheContext, id: string) => work(++count, id), { key: "get", ttl: 60, ...options });
  const { within } = instanceOf(counted, {}, stores);
  return { call: (id = "1") => within((context) => get(context, id)), ran: () => count, within };
}

test("what a function gave is given again, by its arguments, for as long as it is fresh", async (t) => {
  freeze(t);
  const { call } = subject((count, id) => ({ id, count }));
  assert.deepEqual(await call("a"), { id: "a", count: 1 });
  assert.deepEqual(await call("b#1"), { id: "b#1", count: 2 });
  assert.deepEqual(await call("b#2"), { id: "b#2", count: 3 });
  t.mock.timers.tick(59_000);
  assert.deepEqual(await call("a"), { id: "a", count: 1 });
  t.mock.timers.tick(2_000);
  assert.deepEqual(await call("a"), { id: "a", count: 4 });
});

test("arguments of other types are other arguments", async () => {
  let count = 0;
  const get = cached((_context: CacheContext, _one?: string | number | boolean | null, _two?: string) => ++count, {
    key: "get",
    ttl: 60,
  });
  const { within } = instanceOf(counted);
  const lists = [
    [],
    [undefined],
    [null],
    ["null"],
    [1],
    ["1"],
    [true],
    ["true"],
    ["1", "2"],
    ['1","2'],
    [Number.NaN],
  ] as const;
  const first = await within((context) => Promise.all(lists.map(([one, two]) => get(context, one, two))));
  // Without a second argument it is undefined.
  assert.equal(new Set(first).size, lists.length - 1);
});

test("a key of one's own may take arguments of any type", async () => {
  let count = 0;
  const get = cached((_context: CacheContext, { id }: { id: string }) => `${id} ${++count}`, {
    key: ({ id }) => `own:${id}`,
    ttl: 60,
  });
  // @ts-expect-error: an object has no text of its own
  assert.ok(cached((_context: CacheContext, { id }: { id: string }) => id, { key: "own", ttl: 60 }));
  const { within } = instanceOf(counted);
  assert.equal(await within((context) => get(context, { id: "a" })), "a 1");
  assert.equal(await within((context) => get(context, { id: "a" })), "a 1");
});

test("what a function gives is what JSON makes of it, the first time as well", async () => {
  const { call } = subject(() => ({ at: new Date(NOW), no: undefined, list: [1, "ü"], none: null }));
  const value: { at: string; no: undefined; list: (string | number)[]; none: null } = await call();
  const expected = { at: "2026-10-21T07:28:00.000Z", list: [1, "ü"], none: null };
  assert.deepEqual([value, await call()], [expected, expected]);
});

test("undefined and null are values, whose time is their own", async (t) => {
  freeze(t);
  for (const nothing of [undefined, null]) {
    const { call, ran } = subject(() => nothing, { negative: 10 });
    assert.deepEqual([await call(), await call()], [nothing, nothing]);
    assert.equal(ran(), 1);
    t.mock.timers.tick(11_000);
    await call();
    assert.equal(ran(), 2);
    const none = subject(() => nothing, { negative: 0 });
    await none.call();
    await none.call();
    assert.equal(none.ran(), 2);
  }
});

test("an error rejects and is not kept; a stale value may stand in for it", async (t) => {
  freeze(t);
  const fail = (count: number) => {
    if (count % 2 === 0) throw new Error("down");
    return count;
  };
  const { call } = subject(fail);
  assert.equal(await call(), 1);
  t.mock.timers.tick(61_000);
  await assert.rejects(call(), { message: "down" });
  assert.equal(await call(), 3);

  const lenient = subject(fail, { sie: 60 });
  assert.equal(await lenient.call(), 1);
  t.mock.timers.tick(61_000);
  const lines = await linesOf(async () => assert.equal(await lenient.call(), 1));
  assert.equal(lines[0]?.message, "cached() gives a stale value");
});

test("an error is everybody's who waited for it, and so is what is not kept", async () => {
  const slow = subject(
    async (count) => {
      await pause(10);
      if (count === 1) throw new Error("down");
      return null;
    },
    { negative: 0 },
  );
  const all = await Promise.allSettled([slow.call(), slow.call(), slow.call()]);
  assert.deepEqual([all.map(({ status }) => status), slow.ran()], [Array(3).fill("rejected"), 1]);
  assert.deepEqual([await Promise.all([slow.call(), slow.call()]), slow.ran()], [[null, null], 2]);
});

test("calls at once wait for the first, on this instance and on others", async () => {
  const stores = { main: open() };
  const slow = async (count: number) => {
    await pause(30);
    return count;
  };
  const all = Array.from({ length: 4 }, () => subject(slow, main, stores));
  const values = await Promise.all(all.flatMap(({ call }) => Array.from({ length: 25 }, () => call())));
  assert.deepEqual(new Set(values), new Set([1]));
  assert.equal(
    all.reduce((sum, { ran }) => sum + ran(), 0),
    1,
  );
});

test("a stale value is given while it is computed anew, by one instance", async (t) => {
  freeze(t);
  const stores = { main: open() };
  const all = [0, 1].map(() => subject((count) => count, { ...main, swr: 60 }, stores));
  await all[0]?.call();
  t.mock.timers.tick(70_000);
  assert.deepEqual(await Promise.all(all.map(({ call }) => call())), [1, 1]);
  assert.equal(
    all.reduce((sum, { ran }) => sum + ran(), 0),
    2,
  );
});

test("a tag invalidates values of functions, in one store with those of others", async () => {
  const stores = { main: open() };
  const tags = (id: string) => [`user:${id}`];
  const { call, within } = subject((count) => count, { ...main, tags }, stores);
  assert.deepEqual([await call("a"), await call("b")], [1, 2]);
  await within((context) => invalidateTag(context, "user:a", main));
  assert.deepEqual([await call("a"), await call("b")], [3, 2]);
});

test("a memory before the store saves the round trip", async () => {
  const { store, take } = watched(open());
  const { call } = subject((count) => count, { ...main, memory: { maxStale: "1m" } }, { main: store });
  await call();
  take();
  assert.equal(await call(), 1);
  assert.deepEqual(take(), []);
});

test("two functions are apart by their keys, and counted by the name of the cache", async () => {
  const one = cached((_context: CacheContext) => "one", { key: "one", ttl: 60 });
  const two = cached((_context: CacheContext) => "two", { key: "two", ttl: 60 });
  const { within } = instanceOf(counted);
  const values = await within(async (context) => [await one(context), await two(context), await one(context)]);
  assert.deepEqual(values, ["one", "two", "one"]);
  const { hits, misses, stored } = await within(async (context) => cacheStats(context));
  assert.deepEqual([hits, misses, stored], [1, 2, 2]);
});
