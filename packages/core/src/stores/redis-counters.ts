/**
 * Exact counters in Redis, on its clock: each change is one script, and one round trip.
 * @module
 */
import { toScript } from "../rate-limit/script.ts";
import { checkCost, toLeaseTime } from "./counters.ts";
import { LEASE, RELEASE } from "./redis-scripts.ts";
import { type Run, toItems, toText } from "./redis-wire.ts";
import type { CounterStore } from "./store.ts";
import { checkKey } from "./value.ts";

/** `at` gives the key of a kind. A take and a lease are never done twice: whether they were done may not be known. */
export function createRedisCounters(store: string, at: (kind: string, key?: string) => string, run: Run): CounterStore {
  return {
    async take(key, rules, cost = 1) {
      const words = rules.flatMap(({ cost: own = cost, limit, window, burst = "", force }) => {
        checkCost(own);
        return [...[own, limit, window, burst].map(String), force ? "1" : ""];
      });
      const script = toScript(rules.map(({ algorithm }) => algorithm));
      const reply = toItems(store, await run(false, script, [at("c:", checkKey(key))], words));
      // The first is the server's time.
      const told = reply.map((item) => Number(toText(item)));
      return {
        allowed: told[1] === 1,
        rules: rules.map((_, index) => {
          const [allowed, remaining = 0, reset = 0, retryAfter = 0] = told.slice(2 + 4 * index);
          return { allowed: allowed === 1, remaining, reset, retryAfter };
        }),
      };
    },
    async lease(key, ttl) {
      const id = at("l:", checkKey(key));
      const time = Math.ceil(toLeaseTime(ttl));
      const token = toText(await run(false, LEASE, [id, at("t")], [String(time)]));
      if (!token) return undefined;
      return {
        token: Number(token),
        async release() {
          await run(true, RELEASE, [id], [token]);
        },
      };
    },
  };
}
