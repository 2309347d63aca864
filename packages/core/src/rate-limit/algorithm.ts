/**
 * What an algorithm of rate limiting is. Types only.
 * @module
 */

/** What is allowed. All are whole numbers from 1. */
export interface Rule {
  /** Units a window; of `concurrency`, units held at once. */
  limit: number;
  /** Milliseconds; of `concurrency`, how long a unit is held that nobody gives back. */
  window: number;
  /** Units at once, for `tokenBucket` and `gcra`. */
  burst?: number;
  /** Counts whatever is left, for what is spent already: the limit may be exceeded, and is paid back in time. */
  force?: boolean;
}

/** What one step gives. Times are in milliseconds from `now`. */
export interface Step {
  /** The state to keep: the one before where nothing was taken, but for the time that passed. */
  state: number[];
  allowed: boolean;
  /** Whole units that may be taken now. */
  remaining: number;
  /** Until `remaining` grows again if nothing is taken; 0 where it is whole. */
  reset: number;
  /** Until this cost is allowed if nothing else is taken. 0 where it was, or where nobody can know. */
  retryAfter: number;
  /** Until the state is as good as none. */
  ttl: number;
}

/** One file an algorithm: `@godwit/core/rate-limit/<name>`. */
export interface Algorithm {
  name: string;
  /** Units are given back when the request is over. */
  holds?: boolean;
  /** Pure. `state` is undefined at first, `now` in milliseconds since 1970, a cost below 0 a refund. */
  step(state: readonly number[] | undefined, now: number, cost: number, rule: Rule): Step;
  /**
   * The same as a function of Lua 5.1: `function(s, now, cost, limit, window, burst, force)`, where `s` is a table or
   * nil, `burst` a number or nil, `force` a boolean. It returns what a step gives, in its order.
   */
  lua: string;
}
