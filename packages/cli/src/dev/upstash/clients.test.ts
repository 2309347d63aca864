/** The vendor's own clients are the judges of the front: what they do against Upstash they do here. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
import { startUpstash } from "./upstash.fixture.ts";

const { url, token } = await startUpstash({ after });
const redis = new Redis({ url, token, enableTelemetry: false });

test("text of all languages, JSON and numbers come back as they went", async () => {
  const values = ["grüße 👋 \u0000 \u2028", { a: [1, null, "ü"], b: { c: true } }, 12.5, "", "OK", false];
  for (const value of values) {
    await redis.set("value", value);
    assert.deepEqual(await redis.get("value"), value);
  }
  assert.equal(await redis.get("absent"), null);
  assert.equal(await redis.set("value", 1), "OK");
  assert.equal(await redis.set("value", 2, { nx: true }), null);
  assert.equal(await redis.set("value", 3, { get: true, ex: 100 }), 1);
  assert.ok((await redis.ttl("value")) > 90);
  assert.equal(await redis.ping(), "PONG");
  assert.equal(await redis.incrby("count", 41), 41);
  assert.equal(await redis.del("value", "absent"), 1);
});

test("hashes, sorted sets, sets and lists", async () => {
  await redis.hset("hash", { name: "Zoë", age: 3, tags: ["a", "b"] });
  assert.deepEqual(await redis.hgetall("hash"), { name: "Zoë", age: 3, tags: ["a", "b"] });
  assert.deepEqual(await redis.hmget("hash", "name", "none"), { name: "Zoë", none: null });
  await redis.zadd("sorted", { score: 2, member: "b" }, { score: 1.5, member: "a" });
  assert.deepEqual(await redis.zrange("sorted", 0, -1, { withScores: true }), ["a", 1.5, "b", 2]);
  await redis.rpush("list", "OK", "two", "ä");
  assert.deepEqual(await redis.lrange("list", 0, -1), ["OK", "two", "ä"]);
  await redis.sadd("set", "one");
  assert.deepEqual(await redis.smembers("set"), ["one"]);
  assert.deepEqual(await redis.mget("absent", "absent"), [null, null]);
});

test("a scan goes over all keys", async () => {
  await redis.mset(Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`scan:${index}`, index])));
  const found = new Set<string>();
  let cursor = "0";
  do {
    const [next, keys] = await redis.scan(cursor, { match: "scan:*", count: 40 });
    for (const key of keys) found.add(key);
    cursor = next;
  } while (cursor !== "0");
  assert.equal(found.size, 250);
});

test("a pipeline and a transaction give what each command gave", async () => {
  const pipeline = redis.pipeline();
  pipeline.set("piped", "ü").get("piped").incr("piped:count").lrange("piped:list", 0, 1);
  assert.deepEqual(await pipeline.exec(), ["OK", "ü", 1, []]);
  const broken = redis.pipeline().set("piped", "text").incr("piped").get("piped");
  const [set, incr, get] = await broken.exec({ keepErrors: true });
  assert.deepEqual([set.result, get.result], ["OK", "text"]);
  assert.match(incr.error ?? "", /^ERR value is not an integer/);
  const multi = redis.multi().set("multi", { a: 1 }).get("multi").hgetall("none");
  assert.deepEqual(await multi.exec(), ["OK", { a: 1 }, null]);
});

test("scripts run by their text, by their hash, and by createScript", async () => {
  assert.deepEqual(await redis.eval("return { KEYS[1], ARGV[1], 7 }", ["k"], ["ä"]), ["k", "ä", 7]);
  const hash = await redis.scriptLoad("return ARGV[1]");
  assert.equal(await redis.evalsha(hash, [], ["one"]), "one");
  assert.deepEqual(await redis.scriptExists(hash, "0".repeat(40)), [1, 0]);
  const script = redis.createScript<number>("return redis.call('INCR', KEYS[1])");
  assert.deepEqual([await script.exec(["scripted"], []), await script.exec(["scripted"], [])], [1, 2]);
  await assert.rejects(redis.evalsha("0".repeat(40), [], []), /NOSCRIPT/);
});

test("a script that asks for key locking is known by the hash of its own text", async () => {
  const text = "#!lua flags=allow-key-locking,no-writes\nreturn redis.call('GET', KEYS[1])";
  await redis.set("locked", "yes");
  const hash = await redis.scriptLoad(text);
  assert.equal(await redis.evalsha(hash, ["locked"], []), "yes");
  assert.deepEqual(await redis.scriptExists(hash), [1]);
  const script = redis.createScript<string>("#!lua flags=allow-key-locking\nreturn redis.call('GET', KEYS[1])");
  assert.equal(await script.exec(["locked"], []), "yes");
  assert.equal(await script.evalsha(["locked"], []), "yes");
});

test("a megabyte goes and comes", async () => {
  const value = "ä".repeat(500_000);
  await redis.set("large", value);
  assert.equal(await redis.get("large"), value);
});

test("commands of one moment are one pipeline, and each gets its own answer", async () => {
  const auto = new Redis({ url, token, enableAutoPipelining: true, enableTelemetry: false });
  const names = Array.from({ length: 20 }, (_, index) => `auto:${index}`);
  await Promise.all(names.map((name) => auto.set(name, name)));
  assert.deepEqual(await Promise.all(names.map((name) => auto.get(name))), names);
});

test("a wrong token, a wrong type and an unknown command are errors", async () => {
  await assert.rejects(new Redis({ url, token: "wrong" }).get("a"), /WRONGPASS/);
  await redis.set("text", "a");
  await assert.rejects(redis.lpush("text", "b"), /WRONGTYPE/);
  await assert.rejects(redis.exec(["NOSUCH", "a"]), /unknown command/);
});

test("what is published reaches who subscribed, by name and by pattern", async () => {
  for (const [open, ready, event] of [
    [() => redis.subscribe("news"), "subscribe", "message"],
    [() => redis.psubscribe("ne*"), "psubscribe", "pmessage"],
  ] as const) {
    const subscription = open();
    const got = new Promise((resolve) =>
      subscription.on(event, ({ channel, message }) => resolve({ channel, message })),
    );
    await new Promise((resolve) => subscription.on(ready, resolve));
    await redis.publish("news", { a: "ü" });
    assert.deepEqual(await got, { channel: "news", message: { a: "ü" } });
    await subscription.unsubscribe();
  }
});

for (const [name, limiter] of [
  ["fixed window", Ratelimit.fixedWindow(3, "1 h")],
  ["sliding window", Ratelimit.slidingWindow(3, "1 h")],
  ["token bucket", Ratelimit.tokenBucket(3, "1 h", 3)],
] as const) {
  test(`@upstash/ratelimit with a ${name} lets 3 of 5 through, and 3 of 10 at once`, async () => {
    const limit = new Ratelimit({ redis, limiter, prefix: name, ephemeralCache: false });
    const seen: boolean[] = [];
    for (let turn = 0; turn < 5; turn++) seen.push((await limit.limit("one")).success);
    assert.deepEqual(seen, [true, true, true, false, false]);
    const atOnce = await Promise.all(Array.from({ length: 10 }, () => limit.limit("many")));
    assert.equal(atOnce.filter(({ success }) => success).length, 3);
    assert.equal((await limit.getRemaining("one")).remaining, 0);
    await limit.resetUsedTokens("one");
    assert.equal((await limit.limit("one")).success, true);
  });
}
