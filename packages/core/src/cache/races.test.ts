import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { addTags, invalidateTag } from "../cache.ts";
import type { CacheOptions } from "../middleware/cache.ts";
import { open } from "../stores/memory.ts";
import type { Store } from "../stores/store.ts";
import { instanceOf } from "./instances.fixture.ts";

/** A generator of numbers from 0 to 1: the same ones for a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Answers after some turns, before and after it did what was asked. */
function slow(store: Store, pause: () => Promise<void>): Store {
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    await pause();
    const result = await work();
    await pause();
    return result;
  };
  const { counters } = store;
  return {
    get: (key) => around(() => store.get(key)),
    set: (...given) => around(() => store.set(...given)),
    delete: (key) => around(() => store.delete(key)),
    list: (options) => around(() => store.list(options)),
    ...(counters && { counters: { take: counters.take, lease: (...given) => around(() => counters.lease(...given)) } }),
  };
}

const kinds: Record<string, { options: CacheOptions; isLate: boolean }> = {
  "tags that are known beforehand": { options: { tags: ({ url }) => [url] }, isLate: false },
  "tags of handlers": { options: {}, isLate: true },
  "stale answers refreshed behind": { options: { tags: ({ url }) => [url], early: 1e9 }, isLate: false },
  "no lease": { options: { tags: ({ url }) => [url], lock: 0 }, isLate: false },
};

for (const [kind, { options, isLate }] of Object.entries(kinds)) {
  test(`who asks after an invalidation never gets what was made before it: ${kind}`, async () => {
    const random = randomOf(kind.length);
    const pause = async (most = 4) => {
      for (let left = Math.floor(random() * most); left > 0; left--) await turn();
    };
    /** What the origin has, and of it what was invalidated since: no request that begins now may get less. */
    const [now, least]: [Record<string, number>, Record<string, number>] = [{}, {}];
    const store = slow(open(), pause);
    const all = Array.from({ length: 3 }, () =>
      instanceOf(
        async (_count, context, { url }) => {
          const value = now[url] ?? 0;
          await pause(20);
          if (isLate) addTags(context, url);
          return new Response(`${value}`, { headers: { "cache-control": "max-age=60" } });
        },
        { store: "main", ...options },
        { main: store },
      ),
    );
    const wrong: string[] = [];
    let hits = 0;
    const read = async (path: string) => {
      const floor = least[`http://app.test${path}`] ?? 0;
      const answer = (await all[Math.floor(random() * 3)]?.ask(path)) ?? "";
      if (/hit|collapsed/.test(answer)) hits++;
      if (Number(/^200 (\d+)/.exec(answer)?.[1]) < floor) wrong.push(`${answer} < ${floor}`);
    };
    const write = async (path: string) => {
      const url = `http://app.test${path}`;
      now[url] = (now[url] ?? 0) + 1;
      const value = now[url];
      await all[Math.floor(random() * 3)]?.within((context) => invalidateTag(context, url, { store: "main" }));
      least[url] = Math.max(least[url] ?? 0, value);
    };
    for (let round = 0; round < 40; round++) {
      const work = Array.from({ length: 15 }, async () => {
        const [does, path] = [random() < 0.15 ? write : read, `/${Math.floor(random() * 2)}`];
        await pause(80);
        await does(path);
      });
      await Promise.all(work);
    }
    assert.deepEqual(wrong, []);
    assert.ok(hits > 20, `${hits} hits`);
  });
}
