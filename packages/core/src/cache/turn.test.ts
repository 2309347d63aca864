import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { appOf, ORIGIN } from "../app.fixture.ts";
import { cacheStats } from "../cache.ts";
import { cache } from "../middleware/cache.ts";
import { open } from "../stores/memory.ts";
import { decodeEntry, encodeEntry } from "./entry.ts";
import { counted, instanceOf, storesOf, watched } from "./instances.fixture.ts";
import { isEarly } from "./turn.ts";

const NOW = Date.UTC(2026, 9, 21, 7, 28, 0);
const freeze = (t: TestContext) => t.mock.timers.enable({ apis: ["Date"], now: NOW });
const main = { store: "main" };
const KEY = `cache:godwit:${ORIGIN}/`;

test("of many instances that miss at once one asks the origin", async () => {
  const stores = { main: open() };
  const slow = async (count: number) => {
    await pause(50);
    return counted(count);
  };
  const all = Array.from({ length: 4 }, () => instanceOf(slow, main, stores));
  const answers = await Promise.all(all.flatMap(({ ask }) => Array.from({ length: 50 }, () => ask())));
  assert.equal(
    all.reduce((sum, { asked }) => sum + asked, 0),
    1,
  );
  assert.equal(answers.filter((answer) => /^200 1 .*collapsed/.test(answer)).length, 199);
});

test("of many instances with a stale answer one refreshes it, and none waits", async (t) => {
  freeze(t);
  const stores = { main: open() };
  const swr = (count: number) =>
    new Response(`${count}`, { headers: { "cache-control": "max-age=10, stale-while-revalidate=60" } });
  const all = Array.from({ length: 4 }, () => instanceOf(swr, main, stores));
  await all[0]?.ask();
  t.mock.timers.tick(20_000);
  for (const answer of await Promise.all(all.map(({ ask }) => ask()))) assert.match(answer, /^200 1 .*hit; ttl=-10/);
  assert.equal(
    all.reduce((sum, { asked }) => sum + asked, 0),
    2,
  );
});

test("a lease whose holder is gone holds nobody up for longer than half of wait", async () => {
  const store = open();
  await store.counters?.lease(`main:${KEY}`, 60);
  const { ask } = instanceOf(counted, { ...main, wait: 100 }, { main: store });
  assert.match(await ask(), /^200 1 .*stored/);
  assert.match(await ask(), /hit/);
});

test("the lease is given up once the answer is stored, and where it is not to be", async () => {
  for (const control of ["max-age=60", "private"]) {
    const { store, take } = watched(open());
    const { ask } = instanceOf(() => new Response("", { headers: { "cache-control": control } }), main, {
      main: store,
    });
    await ask();
    assert.equal(take().at(-1), "release");
    assert.ok(await store.counters?.lease(`main:${KEY}`, 1));
  }
});

test("who slept through its lease does not overwrite what came later", async () => {
  const store = open();
  const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const sleeper = instanceOf(
    async () => {
      begun.resolve();
      await ended.promise;
      return new Response("old", { headers: { "cache-control": "max-age=60" } });
    },
    { ...main, lock: 0.02 },
    { main: store },
  );
  const other = instanceOf(counted, main, { main: store });
  const slow = sleeper.ask();
  await begun.promise;
  await pause(30);
  assert.match(await other.ask(), /^200 1 .*stored/);
  ended.resolve();
  assert.match(await slow, /^200 old /);
  assert.match(await other.ask(), /^200 1 .*hit/);
  assert.ok((decodeEntry((await store.get(KEY))?.bytes)?.token ?? 0) > 1);
});

test("a store without counters is a cache without a lock", async () => {
  const { get, set, delete: remove, list } = open();
  const { ask } = instanceOf(counted, main, { main: { get, set, delete: remove, list } });
  assert.match(await ask(), /^200 1 .*stored$/);
  assert.match(await ask(), /hit/);
});

test("a cache below another one of its name leaves the work to it", async () => {
  const stores = { main: open() };
  let asked = 0;
  const app = appOf(() => counted(++asked), [cache(main), cache(main)], { stores: storesOf(stores) });
  const response = await app.fetch(new Request(ORIGIN));
  assert.deepEqual(
    [await response.text(), response.headers.get("cache-status")],
    ["1", "godwit; fwd=uri-miss; fwd-status=200; stored"],
  );
});

test("a cache in memory stands before one of its name in a store", async () => {
  const stores = { main: open() };
  let asked = 0;
  const app = appOf(() => counted(++asked), [cache(), cache(main)], { stores: storesOf(stores) });
  const ask = async () => (await app.fetch(new Request(ORIGIN))).headers.get("cache-status")?.split(", ").at(-1);
  assert.equal(await ask(), "godwit; fwd=uri-miss; fwd-status=200; stored");
  await pause(1);
  assert.match(`${await ask()}`, /^godwit; hit/);
  assert.deepEqual([asked, (await stores.main.list()).keys.length], [1, 1]);
});

test("a fresh answer is refreshed early the likelier, the longer the origin took and the less is left", () => {
  const terms = { received: NOW, age: 0, lifetime: 60, swr: 0, sie: 0, noCache: false, strict: false };
  const entry = { status: 200, statusText: "", headers: [], terms, body: new Uint8Array(), vary: "", varyNames: [] };
  const share = (took: number, beta: number, after: number) => {
    let early = 0;
    for (let at = 0; at < 20_000; at++) if (isEarly({ ...entry, took }, beta, NOW + after * 1000)) early++;
    return early / 20_000;
  };
  // exp(-left / (took * beta)), within five times the standard deviation.
  for (const [took, beta, after] of [
    [2, 1, 58],
    [2, 1, 50],
    [2, 2, 58],
    [0.1, 1, 59],
  ] as const) {
    const expected = Math.exp(-(60 - after) / (took * beta));
    const found = share(took, beta, after);
    assert.ok(Math.abs(found - expected) < 0.02, `${took} ${beta} ${after}: ${found} for ${expected}`);
  }
  assert.deepEqual([share(0, 1, 59), share(2, 0, 59)], [0, 0]);
});

test("an early refresh happens behind a hit, and is stored", async () => {
  const store = open();
  const { ask } = instanceOf(counted, { ...main, early: 1 }, { main: store });
  await ask();
  const entry = decodeEntry((await store.get(KEY))?.bytes);
  assert.ok(entry);
  // As if the origin had taken years.
  await store.set(
    KEY,
    encodeEntry({ ...entry, took: 1e12, terms: { ...entry.terms, received: entry.terms.received - 9 } }),
  );
  assert.match(await ask(), /^200 1 .*hit/);
  assert.match(await ask(), /^200 2 .*hit/);
});

test("statistics count what a cache did on this instance", async () => {
  const { ask, within } = instanceOf(counted, main, { main: open() });
  await Promise.all([ask(), ask()]);
  await ask();
  const stats = await within(async (context) => cacheStats(context));
  assert.deepEqual(stats, {
    hits: 1,
    stale: 0,
    collapsed: 1,
    misses: 1,
    passed: 0,
    revalidated: 0,
    stored: 1,
    refreshed: 0,
    errors: 0,
  });
  assert.equal((await within(async (context) => cacheStats(context, "other"))).misses, 0);
});

test("a platform's own field comes before that of all caches (RFC 9213)", async () => {
  const fields = {
    "cache-control": "no-store",
    "cdn-cache-control": "max-age=20",
    "cloudflare-cdn-cache-control": "max-age=90",
  };
  for (const [platform, ttl] of [
    ["cloudflare", /ttl=(90|89)$/],
    ["vercel", /ttl=(20|19)$/],
  ] as const) {
    const { ask } = instanceOf(() => new Response("", { headers: fields }), {}, undefined, platform);
    await ask();
    assert.match(await ask(), ttl);
  }
});
