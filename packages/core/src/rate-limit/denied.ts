/**
 * What an instance remembers of refusals, so that a blocked client costs no round trip until it may pass.
 * @module
 */
import type { Taken } from "../stores/store.ts";

export interface Denied {
  /** The refusal of this key that still holds for this cost, as of now. */
  find(key: string, cost: number): Taken | undefined;
  remember(key: string, cost: number, taken: Taken): void;
  /** Something was given back. */
  forget(key: string): void;
}

interface Refusal {
  taken: Taken;
  cost: number;
  at: number;
  until: number;
}

/** Holds 10,000 keys at most; the oldest goes first. */
export function createDenied(most = 10_000): Denied {
  const refusals = new Map<string, Refusal>();
  return {
    find(key, cost) {
      const refusal = refusals.get(key);
      if (!refusal) return undefined;
      const now = Date.now();
      // A clock that went back proves nothing.
      if (now >= refusal.until || now < refusal.at) {
        refusals.delete(key);
        return undefined;
      }
      return cost >= refusal.cost ? later(refusal.taken, now - refusal.at) : undefined;
    },
    remember(key, cost, taken) {
      const wait = waitOf(taken);
      // Where nobody can know, the next one asks again.
      if (wait === 0) return;
      const now = Date.now();
      refusals.delete(key);
      refusals.set(key, { taken, cost, at: now, until: now + wait });
      for (const oldest of refusals.keys()) {
        if (refusals.size <= most) break;
        refusals.delete(oldest);
      }
    },
    forget(key) {
      refusals.delete(key);
    },
  };
}

/** Milliseconds until the same take may be allowed; 0 where it was, or nobody can know. */
export function waitOf({ rules }: Taken): number {
  return Math.max(0, ...rules.map(({ retryAfter }) => retryAfter));
}

function later({ allowed, rules }: Taken, elapsed: number): Taken {
  const less = (time: number) => Math.max(0, time - elapsed);
  return {
    allowed,
    rules: rules.map((rule) => ({ ...rule, reset: less(rule.reset), retryAfter: less(rule.retryAfter) })),
  };
}
