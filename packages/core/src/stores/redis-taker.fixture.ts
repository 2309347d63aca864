/**
 * A process that takes from a store in Redis, all at once: `node redis-taker.fixture.ts <driver> <address> <count>`, where
 * the token of Upstash is `secret`. It prints how many went through, and ends without closing anything.
 * @module
 */
import { slidingWindow } from "../rate-limit/sliding-window.ts";
import { open as openRedis } from "./redis.ts";
import { open as openUpstash } from "./upstash.ts";

const [, , driver, address, count] = process.argv;
const bindings = { REDIS_URL: address, UPSTASH_REDIS_REST_URL: address, UPSTASH_REDIS_REST_TOKEN: "secret" };
const open = driver === "redis" ? openRedis : openUpstash;
const { counters } = open({ deadline: 20_000 }, { name: "taken", bindings });
const rules = [{ algorithm: slidingWindow, limit: 100, window: 86_400_000_000 }];
const all = await Promise.all(Array.from({ length: Number(count) }, () => counters?.take("key", rules)));
console.log(all.filter((taken) => taken?.allowed).length);
