import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Algorithm, Rule } from "../rate-limit/algorithm.ts";
import { createRandom } from "../rate-limit/algorithms.fixture.ts";
import { fixedWindow } from "../rate-limit/fixed-window.ts";
import { gcra } from "../rate-limit/gcra.ts";
import { setClock, startRedis } from "../rate-limit/redis.fixture.ts";
import { slidingWindow } from "../rate-limit/sliding-window.ts";
import { tokenBucket } from "../rate-limit/token-bucket.ts";
import { open as openRedis } from "./redis.ts";
import { startFront } from "./upstash.fixture.ts";
import { open as openUpstash } from "./upstash.ts";

const folder = mkdtempSync(join(tmpdir(), "godwit-clock-"));
const clock = join(folder, "clock");
const server = await startRedis({ clock });
const front = await startFront(server.path, "secret");
after(async () => {
  await front.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

const bindings = { REDIS_URL: server.path, UPSTASH_REDIS_REST_URL: front.url, UPSTASH_REDIS_REST_TOKEN: "secret" };
const given = { name: "clock", bindings };
const [tcp, rest] = [openRedis({ deadline: 10_000 }, given), openUpstash({ deadline: 10_000 }, given)];

/** The clock of the server only goes on, over all tests; that of this machine stays behind. */
let offset = 0;
function pass(seconds: number): void {
  offset += seconds;
  setClock(clock, offset);
}
async function readClock(): Promise<number> {
  const time = await server.send("TIME");
  assert.ok(Array.isArray(time));
  return Number(time[0]) * 1000 + Number(time[1]) / 1000;
}

const MINUTE = 60_000;
interface Promised extends Rule {
  algorithm: Algorithm;
  /** Units in any time as long as the window. */
  most: number;
  /** Milliseconds beyond the window after which all is there again. */
  late: number;
}
const RULES: Promised[] = [
  { algorithm: slidingWindow, limit: 20, window: MINUTE, most: 20, late: MINUTE / 16 },
  { algorithm: gcra, limit: 20, window: MINUTE, burst: 5, most: 24, late: 0 },
  { algorithm: tokenBucket, limit: 20, window: MINUTE, burst: 5, most: 24, late: 0 },
];

for (const { most, late, ...rule } of RULES) {
  test(`${rule.algorithm.name}: over any window of the server's time never more than ${most}, and all of it again after one`, async () => {
    const random = createRandom(7);
    const key = `any ${rule.algorithm.name}`;
    /** When units went through: the earliest and the latest that it can have been. */
    const through: [since: number, until: number][] = [];
    for (let round = 0; round < 60; round++) {
      pass(random(0, 3) === 0 ? random(0, 70) : random(0, 9));
      const since = await readClock();
      const takes = Array.from({ length: random(1, 15) }, (_, at) => (at % 2 ? tcp : rest).counters?.take(key, [rule]));
      const taken = await Promise.all(takes);
      const until = await readClock();
      for (const one of taken) if (one?.allowed) through.push([since, until]);
    }
    assert.ok(through.length > 100, `${through.length} in all`);
    for (const [begin] of through) {
      const within = through.filter(([since, until]) => since >= begin && until < begin + MINUTE);
      assert.ok(within.length <= most, `${within.length} from ${begin}`);
    }
    pass((MINUTE + late) / 1000 + 1);
    const whole = rule.burst ?? rule.limit;
    const again = await Promise.all(Array.from({ length: whole + 1 }, () => tcp.counters?.take(key, [rule])));
    assert.equal(again.filter((one) => one?.allowed).length, whole);
  });
}

test("fixed-window: a window is over when the server says so, whatever the time is here", async () => {
  // To the beginning of a window, so that none ends meanwhile.
  pass(MINUTE / 1000 - Math.floor(((await readClock()) % MINUTE) / 1000));
  const rules = [{ algorithm: fixedWindow, limit: 3, window: MINUTE }];
  const count = async () => {
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, at) => (at % 2 ? tcp : rest).counters?.take("f", rules)),
    );
    return all.filter((one) => one?.allowed).length;
  };
  assert.equal(await count(), 3);
  pass(30);
  assert.equal(await count(), 0);
  pass(31);
  assert.equal(await count(), 3);
});

test("a lease is over when the server says so", async () => {
  const first = await tcp.counters?.lease("key", 60);
  pass(59);
  assert.equal(await rest.counters?.lease("key", 60), undefined);
  pass(2);
  const second = await rest.counters?.lease("key", 60);
  assert.ok(first && second && second.token > first.token);
});

test("the server forgets a value a second after its TTL, and the index what is gone, 16 keys a write", async () => {
  const store = openRedis({ deadline: 10_000 }, { ...given, name: "swept" });
  await store.set("stays", "x");
  for (let at = 0; at < 40; at++) await store.set(`goes:${at}`, "x", { ttl: 60 });
  await store.set("renewed", "x", { ttl: 60 });
  pass(59);
  await store.set("renewed", "x", { ttl: 600 });
  assert.equal((await store.get("goes:1"))?.text(), "x");
  pass(3);
  assert.equal(await store.get("goes:1"), undefined);
  assert.equal(await server.send("ZCARD", "{swept}:i"), 42);
  for (const left of [26, 10, 2, 2]) {
    await store.set("stays", "x");
    assert.equal(await server.send("ZCARD", "{swept}:i"), left);
  }
  assert.deepEqual((await store.list()).keys, [{ key: "renewed" }, { key: "stays" }]);
  assert.equal(await server.send("ZCARD", "{swept}:x"), 1);
});

test("a list drops from the index what is gone", async () => {
  const store = openRedis({ deadline: 10_000 }, { ...given, name: "listed" });
  for (let at = 0; at < 30; at++) await store.set(`goes:${at}`, "x", { ttl: 60 });
  pass(62);
  assert.deepEqual(await store.list(), { keys: [], cursor: undefined });
  assert.equal(await server.send("EXISTS", "{listed}:i", "{listed}:x"), 0);
});
