/**
 * A count that begins anew with each window of the clock.
 * @module
 */
import type { Algorithm } from "./algorithm.ts";

/** By itself, for who needs no script beside it. */
export const step: Algorithm["step"] = ([began = 0, before = 0] = [], now, cost, { limit, window, force }) => {
  // A clock that went back stays in the newest window.
  const start = Math.max(began, now - (now % window));
  let count = start === began ? before : 0;
  const left = start + window - now;
  const allowed = force === true || cost <= 0 || count + cost <= limit;
  if (allowed) count = Math.max(0, count + cost);
  const ttl = count > 0 ? left : 0;
  return {
    state: [start, count],
    allowed,
    remaining: Math.max(0, limit - count),
    reset: ttl,
    retryAfter: allowed ? 0 : left,
    ttl,
  };
};

/**
 * Windows begin at multiples of `window` since 1970. Never more than `limit` in one of them; around the border of two,
 * up to twice `limit` within the length of one. The cheapest state: two numbers.
 *
 * @example rateLimit({ limits: [{ algorithm: fixedWindow, limit: 100, window: 60_000 }] })
 */
export const fixedWindow: Algorithm = {
  name: "fixed-window",
  step,
  lua: `function(s, now, cost, limit, window, burst, force)
local began, count = 0, 0
if s then began, count = s[1], s[2] end
local start = math.max(began, now - now % window)
if start ~= began then count = 0 end
local left = start + window - now
local allowed = force or cost <= 0 or count + cost <= limit
if allowed then count = math.max(0, count + cost) end
local ttl = count > 0 and left or 0
return {start, count}, allowed, math.max(0, limit - count), ttl, allowed and 0 or left, ttl
end`,
};
