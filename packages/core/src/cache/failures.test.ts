import assert from "node:assert/strict";
import { test } from "node:test";
import { type Line, linesOf, ORIGIN } from "../app.fixture.ts";
import { type CacheContext, cached, cacheStats } from "../cache.ts";
import { open } from "../stores/memory.ts";
import type { Store } from "../stores/store.ts";
import { counted, instanceOf } from "./instances.fixture.ts";

const main = { store: "main" };
const KEY = `cache:godwit:${ORIGIN}/`;

/** A store whose methods do what `work` does. */
function broken(work: () => Promise<never>): Store {
  return { get: work, set: work, delete: work, list: work, counters: { take: work, lease: work } };
}
const rejects = async () => {
  throw new Error("no store");
};
const throws = () => {
  throw new Error("no promise");
};

test("a store whose every method rejects, or throws, fails no request, and is asked for no lease", async () => {
  for (const work of [rejects, throws]) {
    const { ask, within } = instanceOf(counted, { ...main, tags: ["a"], early: 1 }, { main: broken(work) });
    const double = cached(async (_context: CacheContext, id: number) => 2 * id, { ...main, key: "double", ttl: 60 });
    const lines: Line[] = await linesOf(async () => {
      for (const count of [1, 2])
        assert.match(await ask(), new RegExp(`^200 ${count} .*fwd=miss.*detail=store-error$`));
      assert.equal(await within((context) => double(context, 2)), 4);
    });
    assert.deepEqual([...new Set(lines.map(({ message }) => message))], ["cache store failed"]);
    // One read and one write of each of three.
    assert.equal((await within(async (context) => cacheStats(context))).errors, 6);
  }
});

test("a store that hangs fails no request: what is late is a miss", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { ask } = instanceOf(counted, main, { main: broken(() => new Promise(() => {})) });
  const lines = await linesOf(async () => {
    const answer = ask();
    const ticking = setInterval(() => t.mock.timers.tick(1_000), 1);
    assert.match(await answer, /^200 1 .*detail=store-error$/);
    clearInterval(ticking);
  });
  assert.equal(lines.length, 2);
});

test("a lock that fails, or hangs, lets the request go", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const ticking = setInterval(() => t.mock.timers.tick(1_000), 1);
  for (const work of [rejects, throws, () => new Promise<never>(() => {})]) {
    const store = { ...open(), counters: { take: work, lease: work } };
    const { ask } = instanceOf(counted, main, { main: store });
    await linesOf(async () => assert.match(await ask(), /^200 1 .*stored$/));
    assert.match(await ask(), /hit/);
  }
  clearInterval(ticking);
});

test("a store that fails at one of its methods alone fails no request", async () => {
  for (const method of ["get", "set", "delete"] as const) {
    const { ask, within } = instanceOf(counted, main, { main: { ...open(), [method]: rejects } });
    await linesOf(async () => {
      for (let at = 0; at < 3; at++) assert.match(await ask(), /^200 /);
    });
    assert.equal((await within(async (context) => cacheStats(context))).misses, method === "delete" ? 1 : 3);
  }
});

test("garbage in a store is a miss, and is written over", async () => {
  const head = (json: unknown) => {
    const text = new TextEncoder().encode(JSON.stringify(json));
    const bytes = new Uint8Array(4 + text.length);
    new DataView(bytes.buffer).setUint32(0, text.length);
    bytes.set(text, 4);
    return bytes;
  };
  const garbage = [
    "",
    "{",
    "{}",
    '{"sets":1}',
    "\0",
    "\xff".repeat(99),
    head(null),
    head({ v: 1 }),
    head({ v: 1, terms: {} }),
  ];
  for (const value of garbage) {
    const store = open();
    await store.set(KEY, value);
    const { ask } = instanceOf(counted, main, { main: store });
    await linesOf(async () => {
      assert.match(await ask(), /^200 1 /, String(value));
      await ask();
      assert.match(await ask(), /^200 . .*hit/, String(value));
    });
  }
});

test("a body that is cut is not stored, and its lease is given up", async () => {
  const store = open();
  const cut = () => new ReadableStream({ pull: (controller) => controller.error(new Error("cut")) });
  const { ask } = instanceOf(
    (count) => new Response(count === 1 ? cut() : `${count}`, { headers: { "cache-control": "max-age=60" } }),
    main,
    { main: store },
  );
  await linesOf(() => assert.rejects(ask(), { message: "cut" }));
  assert.equal((await store.list()).keys.length, 0);
  assert.ok(await store.counters?.lease(`main:${KEY}`, 1));
});
