import assert from "node:assert/strict";
import { test } from "node:test";
import { addTags, invalidateKey, invalidatePrefix, invalidateTag } from "../cache.ts";
import { open } from "../stores/memory.ts";
import { counted, instanceOf, watched } from "./instances.fixture.ts";

const main = { store: "main" };

test("a tag that is invalidated makes all that carry it a miss, with one write", async () => {
  const { store, take } = watched(open());
  const [one, two] = [0, 1].map(() =>
    instanceOf(counted, { ...main, tags: ({ url }) => [url.includes("b") ? "b" : "a"] }, { main: store }),
  );
  assert.ok(one && two);
  for (let at = 0; at < 20; at++) await one.ask(`/a${at}`);
  await one.ask("/b");
  assert.match(await two.ask("/a7"), /hit/);
  take();
  await two.within((context) => invalidateTag(context, "a", main));
  assert.deepEqual(take(), ["set tag"]);
  for (const at of [0, 7, 19]) {
    assert.match(await one.ask(`/a${at}`), /godwit; fwd=stale; fwd-status=200; stored; detail=invalidated$/);
    assert.match(await two.ask(`/a${at}`), /hit/);
  }
  assert.match(await two.ask("/b"), /hit/);
});

test("tags that are known beforehand cost a hit no time: they are read with what they are of", async () => {
  const { store, take } = watched(open());
  const { ask } = instanceOf(counted, { ...main, tags: ["a", "b"] }, { main: store });
  await ask();
  assert.deepEqual(take(), [
    ...["get cache", "get tag", "get tag"],
    ...["lease", "get cache", "get tag", "get tag"],
    ...["set cache", "release"],
  ]);
  assert.match(await ask(), /hit/);
  assert.deepEqual(take(), ["get cache", "get tag", "get tag"]);
});

test("without tags a hit is one round trip, and a miss without a lock two", async () => {
  const { store, take } = watched(open());
  const { ask } = instanceOf(counted, { ...main, lock: 0 }, { main: store });
  await ask();
  assert.deepEqual(take(), ["get cache", "set cache"]);
  await ask();
  assert.deepEqual(take(), ["get cache"]);
});

test("a handler tags what it answers", async () => {
  const store = open();
  const { ask, within } = instanceOf(
    (count, context) => {
      addTags(context, "author:1", `post:${count}`);
      return counted(count);
    },
    main,
    { main: store },
  );
  await ask();
  assert.match(await ask(), /^200 1 .*hit/);
  await within((context) => invalidateTag(context, "post:9", main));
  assert.match(await ask(), /^200 1 .*hit/);
  await within((context) => invalidateTag(context, "author:1", main));
  assert.match(await ask(), /^200 2 .*invalidated/);
  // The generation that it has read already is exact: no waiting for the clocks.
  assert.match(await ask(), /^200 2 .*hit/);
});

test("an answer is not good that was on its way when its tag was invalidated", async () => {
  for (const isLate of [false, true]) {
    const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { ask, within } = instanceOf(
      async (count, context) => {
        begun.resolve();
        if (count === 1) await ended.promise;
        if (isLate) addTags(context, "a");
        return counted(count);
      },
      { ...main, ...(isLate ? {} : { tags: ["a"] }) },
      { main: open() },
    );
    const slow = ask();
    await begun.promise;
    await within((context) => invalidateTag(context, "a", main));
    // Who comes after the invalidation does not get what was asked before it.
    const after = ask();
    ended.resolve();
    assert.match(await slow, /^200 1 /);
    assert.match(await after, /^200 2 /, `late: ${isLate}`);
    assert.doesNotMatch(await ask(), /^200 1 /);
  }
});

test("those who ask after an invalidation, while an older answer is on its way, ask the origin once", async () => {
  const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const instance = instanceOf(
    async (count) => {
      begun.resolve();
      if (count === 1) await ended.promise;
      return counted(count);
    },
    { ...main, tags: ["a"] },
    { main: open() },
  );
  const slow = instance.ask();
  await begun.promise;
  await instance.within((context) => invalidateTag(context, "a", main));
  const after = Array.from({ length: 20 }, () => instance.ask());
  ended.resolve();
  assert.match(await slow, /^200 1 /);
  for (const answer of await Promise.all(after)) assert.match(answer, /^200 2 /);
  assert.equal(instance.asked, 2);
});

test("what has too many tags, or one that is too long, is not kept", async () => {
  for (const tags of [Array.from({ length: 33 }, (_, at) => `${at}`), ["x".repeat(257)]]) {
    const { ask } = instanceOf(counted, { ...main, tags }, { main: open() });
    await ask();
    assert.match(await ask(), /^200 2 /);
  }
});

test("tags of other caches in the same store are apart", async () => {
  const stores = { main: open() };
  const { ask, within } = instanceOf(counted, { ...main, name: "pages", tags: ["a"] }, stores);
  await ask();
  await within((context) => invalidateTag(context, "a", main));
  assert.match(await ask(), /hit/);
  await within((context) => invalidateTag(context, "a", { ...main, name: "pages" }));
  assert.match(await ask(), /^200 2 /);
});

test("a memory of the instance is invalidated as a store is", async () => {
  const { ask, within } = instanceOf(counted, { tags: ["a"] });
  await within((context) => invalidateTag(context, "a"));
  await ask();
  assert.match(await ask(), /hit/);
  await within((context) => invalidateTag(context, "a"));
  assert.match(await ask(), /^200 2 /);
  await within((context) => invalidateKey(context, "http://app.test/"));
  assert.match(await ask(), /^200 3 .*uri-miss/);
  assert.equal(await within((context) => invalidatePrefix(context, "http://app.test/")), 1);
  assert.match(await ask(), /^200 4 .*uri-miss/);
});

test("a key is forgotten with all its variants, and what is on its way for it", async () => {
  const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { ask, within } = instanceOf(
    async (count) => {
      if (count === 3) begun.resolve();
      if (count === 3) await ended.promise;
      return new Response(`${count}`, { headers: { vary: "accept", "cache-control": "max-age=60" } });
    },
    main,
    { main: open() },
  );
  const forget = () => within((context) => invalidateKey(context, "http://app.test/#part", main));
  await ask("/", { accept: "a" });
  await ask("/", { accept: "b" });
  await forget();
  const slow = ask("/", { accept: "a" });
  await begun.promise;
  await forget();
  ended.resolve();
  assert.match(await slow, /^200 3 /);
  assert.match(await ask("/", { accept: "a" }), /^200 4 /);
  assert.match(await ask("/", { accept: "b" }), /^200 5 /);
});

test("a prefix is forgotten by listing, and nothing beside it", async () => {
  const { store, take } = watched(open());
  const { ask, within } = instanceOf(counted, { ...main, tags: ["a"] }, { main: store });
  const long = `/blog/${"x".repeat(500)}`;
  for (const path of ["/blog/1", "/blog/2", long, "/blogs", "/"]) await ask(path);
  await within((context) => invalidateTag(context, "b", main));
  take();
  const gone = await within((context) => invalidatePrefix(context, "http://app.test/blog/", main));
  assert.deepEqual([gone, take()], [3, ["list", ...Array(3).fill("delete cache"), "list"]]);
  assert.match(await ask("/blog/1"), /miss/);
  assert.match(await ask(long), /miss/);
  assert.match(await ask("/blogs"), /hit/);
  // Not the generations of tags: without them, what is old would be good again.
  assert.equal((await store.list({ prefix: "tag:" })).keys.length, 1);
});

test("who invalidates is told where that failed", async () => {
  const store = open();
  const fail = async () => {
    throw new Error("no store");
  };
  const { within } = instanceOf(counted, main, { main: { ...store, set: fail, delete: fail, list: fail } });
  for (const invalidate of [invalidateTag, invalidateKey, invalidatePrefix])
    await assert.rejects(
      within(async (context) => void (await invalidate(context, "http://app.test/", main))),
      { message: "no store" },
    );
});
