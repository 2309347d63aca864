/**
 * Limits as the config of a middleware gives them, and as clients are told of them.
 * @module
 */
import { GodwitError } from "../errors.ts";
import type { CounterRule, Taken } from "../stores/store.ts";

/** One limit: `{ algorithm: slidingWindow, limit: 100, window: 60_000 }`. */
export interface Limit extends Omit<CounterRule, "cost" | "force"> {
  /** What clients see, and what counters are kept under. Default: such as `100-per-60s`. */
  name?: string;
}

export type Policy = Limit & { name: string };

/** Throws RATE_LIMIT_INVALID for what no algorithm could count. */
export function toPolicies(limits: readonly Limit[]): Policy[] {
  const policies = limits.map((limit): Policy => ({ ...limit, name: limit.name ?? toName(limit) }));
  const names = new Set(policies.map(({ name }) => name));
  if (names.size === 0 || names.size < limits.length) {
    throw invalid("takes one limit or more, each of a name of its own");
  }
  for (const { name, limit, window, burst = 1 } of policies) {
    // RFC 9651 section 3.3.1: an Integer of the fields has 15 digits at most.
    const isWhole = [limit, window, burst].every((number) => Number.isInteger(number) && number >= 1 && number < 1e15);
    if (!isWhole || !Number.isSafeInteger(Math.max(limit, burst) * window)) {
      throw invalid(`takes whole numbers from 1 for limit, window (milliseconds) and burst: see "${name}"`);
    }
    if (!/^[\w.:/ -]{1,64}$/.test(name)) throw invalid(`has ${JSON.stringify(name)}, which is no name of a limit`);
  }
  return policies;
}

export function invalid(what: string): GodwitError {
  return new GodwitError("RATE_LIMIT_INVALID", `rateLimit() ${what}.`);
}

function toName({ algorithm, limit, window }: Limit): string {
  return algorithm.holds ? `${limit}-at-once` : `${limit}-per-${window / 1000}s`;
}

/**
 * Appends the fields of draft-ietf-httpapi-ratelimit-headers-11, both Lists (RFC 9651), so that several middlewares
 * tell of theirs. `t` is in how many seconds at the earliest more may be taken than `r`.
 */
export function tellLimits(headers: Headers, policies: readonly Policy[], { rules }: Pick<Taken, "rules">): void {
  for (const [index, { name, algorithm, limit, window, burst = 0 }] of policies.entries()) {
    const { remaining = 0, reset = 0 } = rules[index] ?? {};
    // A window of less than whole seconds cannot be told.
    const over = algorithm.holds ? ';qu="concurrent-requests"' : window % 1000 === 0 ? `;w=${window / 1000}` : "";
    headers.append("ratelimit-policy", `"${name}";q=${Math.max(limit, burst)}${over}`);
    headers.append("ratelimit", `"${name}";r=${remaining}${algorithm.holds ? "" : `;t=${Math.ceil(reset / 1000)}`}`);
  }
}
