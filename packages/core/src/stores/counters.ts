/**
 * What all drivers do alike with counters, and counters in the memory of one instance.
 * @module
 */
import { GodwitError } from "../errors.ts";
import type { CounterRule, CounterStore, Lease, Taken } from "./store.ts";
import { checkKey } from "./value.ts";

/** One state a rule, in order. */
export type States = readonly (readonly number[])[];

/**
 * One take: all rules or none. `states` is undefined where nothing is to be written, and `ttl` is in milliseconds, 0
 * where nothing is worth keeping. Throws STORE_COST_INVALID.
 */
export function takeAll(
  before: States | undefined,
  now: number,
  rules: readonly CounterRule[],
  cost: number,
): { taken: Taken; states?: States; ttl: number } {
  const run = (rule: CounterRule, index: number, own = rule.cost ?? cost) => {
    checkCost(own);
    return rule.algorithm.step(before?.[index], now, own, rule);
  };
  const steps = rules.map((rule, index) => run(rule, index));
  const allowed = steps.every((step) => step.allowed);
  // Of a take that is refused, a rule that would have allowed it tells what is left.
  const told = steps.map((step, index) => {
    const rule = rules[index];
    return !allowed && step.allowed && rule ? run(rule, index, 0) : step;
  });
  return {
    taken: {
      allowed,
      rules: told.map(({ allowed, remaining, reset, retryAfter }) => ({ allowed, remaining, reset, retryAfter })),
    },
    ...(allowed && { states: steps.map(({ state }) => state) }),
    ttl: Math.max(0, ...steps.map(({ ttl }) => ttl)),
  };
}

/** Throws STORE_COST_INVALID. */
export function checkCost(cost: number): void {
  if (Number.isSafeInteger(cost)) return;
  throw new GodwitError("STORE_COST_INVALID", `A take costs a whole number of units, not ${cost}.`);
}

/** Milliseconds. Throws STORE_LEASE_INVALID for a lease that would be over at once, or never. */
export function toLeaseTime(ttl: number): number {
  if (ttl > 0 && ttl < 1e11) return ttl * 1000;
  throw new GodwitError("STORE_LEASE_INVALID", `A lease of ${ttl} seconds is none: give more than 0.`);
}

export interface CountersOptions {
  maxEntries: number;
  /** Of keys and states. */
  maxBytes: number;
}

/** The least recently used goes first: a counter that went begins anew. */
export function createCounters({ maxEntries, maxBytes }: CountersOptions): CounterStore {
  const entries = new Map<string, { states: States; size: number }>();
  const leases = new Map<string, { token: number; expires: number }>();
  let bytes = 0;
  let tokens = 0;
  const drop = (key: string): void => {
    bytes -= entries.get(key)?.size ?? 0;
    entries.delete(key);
  };
  return {
    async take(key, rules, cost = 1) {
      checkKey(key);
      const kept = entries.get(key)?.states;
      const { taken, states = kept, ttl } = takeAll(kept, Date.now(), rules, cost);
      drop(key);
      if (!states || ttl === 0) return taken;
      const size = 2 * key.length + 8 * states.flat().length;
      // A take that was refused wrote nothing, but it was a use.
      entries.set(key, { states, size });
      bytes += size;
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && bytes <= maxBytes) break;
        drop(oldest);
      }
      return taken;
    },
    async lease(key, ttl) {
      const time = toLeaseTime(ttl);
      const now = Date.now();
      if ((leases.get(checkKey(key))?.expires ?? 0) > now) return undefined;
      const token = ++tokens;
      leases.delete(key);
      leases.set(key, { token, expires: now + time });
      if (leases.size > maxEntries) for (const [one, { expires }] of leases) if (expires <= now) leases.delete(one);
      // Where all are held the oldest is given up: what it guards checks the token.
      for (const oldest of leases.keys()) if (leases.size > maxEntries) leases.delete(oldest);
      const lease: Lease = {
        token,
        async release() {
          if (leases.get(key)?.token === token) leases.delete(key);
        },
      };
      return lease;
    },
  };
}
