/** The middleware over Redis, both drivers: round trips, and what is left where the server is not. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { appOf, execution, linesOf, ORIGIN } from "../app.fixture.ts";
import { type RateLimitOptions, rateLimit } from "../middleware/rate-limit.ts";
import { openStores } from "../stores/open.ts";
import { open as openRedis } from "../stores/redis.ts";
import type { OpenStore, Store } from "../stores/store.ts";
import { startFront } from "../stores/upstash.fixture.ts";
import { open as openUpstash } from "../stores/upstash.ts";
import { concurrency } from "./concurrency.ts";
import { fixedWindow } from "./fixed-window.ts";
import { startRedis } from "./redis.fixture.ts";
import { slidingWindow } from "./sliding-window.ts";
import { tokenBucket } from "./token-bucket.ts";

const HOUR = 3_600_000;
const server = await startRedis();
const front = await startFront(server.path, "secret");
after(async () => {
  await front.close();
  await server.close();
});

const bindings = { REDIS_URL: server.path, UPSTASH_REDIS_REST_URL: front.url, UPSTASH_REDIS_REST_TOKEN: "secret" };
const overRest = (given: OpenStore): Store => openUpstash({ deadline: 10_000 }, given);
const overTcp = (given: OpenStore): Store => openRedis({ deadline: 2_000 }, given);

let names = 0;
function limited(open: (given: OpenStore) => Store, options: Omit<RateLimitOptions, "store">) {
  const name = `s${++names}`;
  const store = open({ name, bindings });
  const instance = () =>
    appOf(() => new Response(null, { status: 204 }), [rateLimit({ deadline: 10_000, ...options, store: "main" })], {
      stores: openStores({ main: { open: () => store } }),
    });
  const work: Promise<unknown>[] = [];
  const ask = async (app = first, ip = "192.0.2.1") => {
    const waitUntil = (promise: Promise<unknown>) => void work.push(promise);
    const response = await app.fetch(new Request(ORIGIN), execution({ ip, waitUntil }));
    await Promise.all(work);
    return response;
  };
  const first = instance();
  return { ask, instance };
}

/** Round trips that `work` takes. */
async function trips(work: () => Promise<unknown>): Promise<number> {
  const before = front.requests;
  await work();
  return front.requests - before;
}

test("one round trip for each request, whatever the number of limits, and none for a client that is blocked", async () => {
  const limits = [
    { algorithm: fixedWindow, limit: 3, window: 24_000 * HOUR },
    { algorithm: slidingWindow, limit: 100, window: HOUR },
    { algorithm: tokenBucket, limit: 50, window: HOUR },
  ];
  const { ask, instance } = limited(overRest, { limits });
  // The server learns the script.
  assert.equal(await trips(ask), 2);
  assert.equal(await trips(ask), 1);
  assert.equal(await trips(ask), 1);
  const refused = await ask();
  assert.equal(refused.status, 429);
  const flood = async () => {
    for (let at = 0; at < 50; at++) assert.equal((await ask()).status, 429);
  };
  assert.equal(await trips(flood), 0);
  assert.equal(await trips(() => ask(undefined, "192.0.2.2")), 1, "another client");
  assert.equal(await trips(() => ask(instance())), 1, "another instance does not know of it yet");
});

test("a blocked client asks the server again when it may pass, and then gets in", async (t) => {
  const { ask } = limited(overRest, { limits: [{ algorithm: tokenBucket, limit: 1, window: 300 }] });
  assert.equal((await ask()).status, 204);
  let refused = 0;
  const asked = await trips(async () => {
    for (let status = 429; status === 429; refused++) ({ status } = await ask());
  });
  t.diagnostic(`${refused} refusals, ${asked} round trips`);
  assert.ok(asked < refused, `${asked} round trips for ${refused} requests`);
});

test("concurrency is two round trips: one to take, and one to give back what is held and to take what was spent", async () => {
  const limits = [
    { algorithm: concurrency, limit: 1, window: HOUR },
    { algorithm: fixedWindow, limit: 10, window: 24_000 * HOUR },
  ];
  const { ask } = limited(overRest, { limits, spent: () => 5 });
  await ask();
  assert.equal(await trips(ask), 2);
  assert.equal((await ask()).status, 429);
});

test("a server that froze, and one that is there again: open lets pass, closed does not, and both count again after", async () => {
  const limits = [{ algorithm: fixedWindow, limit: 3, window: 24_000 * HOUR }];
  const open = limited(overTcp, { limits });
  const closed = limited(overTcp, { limits, onStoreError: "closed" });
  assert.deepEqual([(await open.ask()).status, (await closed.ask()).status], [204, 204]);
  server.signal("SIGSTOP");
  const lines = await linesOf(async () => {
    assert.deepEqual([(await open.ask()).status, (await closed.ask()).status], [204, 503]);
  });
  server.signal("SIGCONT");
  assert.equal(lines.length, 2);
  const count = async ({ ask }: typeof open) => {
    let passed = 0;
    for (let at = 0; at < 6; at++) if ((await ask()).status === 204) passed++;
    return passed;
  };
  // What was sent before it froze counts or not: nobody knows.
  for (const one of [open, closed]) {
    await linesOf(async () => {
      const passed = await count(one);
      assert.ok(passed === 1 || passed === 2, `${passed}`);
    });
  }
});
