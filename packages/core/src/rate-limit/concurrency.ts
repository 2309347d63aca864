/**
 * So many at once.
 * @module
 */
import type { Algorithm } from "./algorithm.ts";

/** By itself, for who needs no script beside it. */
export const step: Algorithm["step"] = (before = [], now, cost, { limit, window, force }) => {
  /** When each unit is over, the first first. */
  let state = before.filter((end) => end > now);
  const allowed = force === true || cost <= 0 || state.length + cost <= limit;
  if (allowed && cost > 0) {
    // A clock that went back makes no unit end before an older one.
    const end = Math.max(now + window, state.at(-1) ?? 0);
    state = [...state, ...Array<number>(cost).fill(end)];
  } else if (allowed) state = state.slice(-cost);
  return {
    state,
    allowed,
    remaining: Math.max(0, limit - state.length),
    reset: Math.max(0, (state[Math.max(0, state.length - limit)] ?? now) - now),
    // Whoever holds one may give it back at any moment.
    retryAfter: 0,
    ttl: Math.max(0, (state.at(-1) ?? now) - now),
  };
};

/**
 * Never more than `limit` units held at once. A unit is given back with a refund, or is over after `window` where its
 * holder died: choose `window` longer than a request may take. A refund ends the unit that was taken first, so that what
 * is still held never counts for less. The state is one number a unit: for limits up to some hundreds.
 *
 * @example rateLimit({ limits: [{ algorithm: concurrency, limit: 10, window: 30_000 }] })
 */
export const concurrency: Algorithm = {
  name: "concurrency",
  holds: true,
  step,
  lua: `function(s, now, cost, limit, window, burst, force)
local state, n = {}, 0
for _, e in ipairs(s or {}) do if e > now then n = n + 1 state[n] = e end end
local allowed = force or cost <= 0 or n + cost <= limit
if allowed and cost > 0 then
  local e = math.max(now + window, state[n] or 0)
  for _ = 1, cost do n = n + 1 state[n] = e end
elseif allowed and cost < 0 then
  local rest, m = {}, 0
  for i = 1 - cost, n do m = m + 1 rest[m] = state[i] end
  state, n = rest, m
end
local reset = (state[math.max(0, n - limit) + 1] or now) - now
return state, allowed, math.max(0, limit - n), reset, 0, (state[n] or now) - now
end`,
};
