import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { appOf, execution, ORIGIN } from "../app.fixture.ts";
import { cache } from "../middleware/cache.ts";
import { rateLimit } from "../middleware/rate-limit.ts";
import { slidingWindow } from "../rate-limit/sliding-window.ts";
import { open } from "../stores/memory.ts";
import { storesOf, watched } from "./instances.fixture.ts";

test("a limit before the cache counts hits as well: one round trip for it and one for the hit, none for who is refused", async () => {
  const { store, take } = watched(open());
  const { counters } = store;
  const counted = {
    ...store,
    ...(counters && {
      counters: {
        ...counters,
        take: (...given: Parameters<typeof counters.take>) => {
          calls.push("take");
          return counters.take(...given);
        },
      },
    }),
  };
  const calls: string[] = [];
  const app = appOf(
    () => new Response("a", { headers: { "cache-control": "max-age=60" } }),
    [
      rateLimit({ store: "main", limits: [{ algorithm: slidingWindow, limit: 2, window: 60_000, name: "a" }] }),
      cache({ store: "main" }),
    ],
    { stores: storesOf({ main: counted }) },
  );
  const ask = async () => {
    take();
    calls.length = 0;
    const response = await app.fetch(new Request(ORIGIN), execution({ ip: "192.0.2.1" }));
    await response.text();
    const asked = [...calls, ...take()];
    // What is done behind the answer.
    await turn();
    return [response.status, asked];
  };
  assert.equal((await ask())[0], 200);
  assert.deepEqual(await ask(), [200, ["take", "get cache"]]);
  assert.equal((await ask())[0], 429);
  // Its instance knows it by now: neither the store nor the cache is asked.
  assert.deepEqual(await ask(), [429, []]);
});
