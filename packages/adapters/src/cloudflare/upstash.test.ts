import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Redis, startRedis } from "@godwit/core/rate-limit/redis.fixture";
import { slidingWindow } from "@godwit/core/rate-limit/sliding-window";
import { type Front, startFront } from "@godwit/core/stores/upstash.fixture";
import { type Host, hostStore } from "./store.fixture.ts";

let redis: Redis;
let front: Front;
let host: Host;

before(async () => {
  redis = await startRedis();
  front = await startFront(redis.path, "secret");
  const bindings = { UPSTASH_REDIS_REST_URL: front.url, UPSTASH_REDIS_REST_TOKEN: "secret", WRONG: "wrong" };
  host = await hostStore({ driver: "upstash", options: { bindings }, counters: true });
});
after(async () => {
  await host.close();
  await front.close();
  await redis.close();
});

test("upstash() in workerd: values, text or not, their metadata and their order", async () => {
  const store = host.open({ deadline: 10_000 });
  const bytes = Uint8Array.from({ length: 512 }, (_, at) => at % 256);
  await store.set("bytes", bytes, { ttl: 60, metadata: { by: "ada" } });
  await store.set("🐦", "Füße");
  assert.deepEqual((await store.get("bytes"))?.bytes, bytes);
  assert.equal((await store.get("🐦"))?.text(), "Füße");
  assert.deepEqual((await store.list()).keys, [{ key: "bytes", metadata: { by: "ada" } }, { key: "🐦" }]);
  await store.delete("bytes");
  assert.equal(await store.get("bytes"), undefined);
});

test("upstash() in workerd: of 200 takes at once on a limit of 100 exactly 100 go through, and a lease has one holder", async () => {
  const { counters } = host.open({ deadline: 10_000 });
  const rules = [{ algorithm: slidingWindow, limit: 100, window: 86_400_000_000 }];
  const all = await Promise.all(Array.from({ length: 200 }, () => counters?.take("key", rules)));
  assert.equal(all.filter((taken) => taken?.allowed).length, 100);
  const held = await Promise.all(Array.from({ length: 5 }, () => counters?.lease("key", 60)));
  assert.equal(held.filter(Boolean).length, 1);
});

test("upstash() in workerd: a wrong token and a server that is not there are coded errors", async () => {
  await assert.rejects(host.open({ token: "WRONG", deadline: 10_000 }).get("key"), { code: "STORE_REFUSED" });
  await front.close();
  await assert.rejects(host.open({}).get("key"), { code: "STORE_UNREACHABLE" });
  front = await startFront(redis.path, "secret");
});
