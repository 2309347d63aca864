/**
 * Tokens that are spent at once and come back one by one.
 * @module
 */
import type { Algorithm } from "./algorithm.ts";

/** By itself, for who needs no script beside it. */
export const step: Algorithm["step"] = (state, now, cost, { limit, window, burst = limit, force }) => {
  // A token is `window` units, and each millisecond brings `limit` of them.
  const full = burst * window;
  const [before = full, last = now] = state ?? [];
  let level = Math.min(full, before + Math.max(0, now - last) * limit);
  const need = cost * window;
  const allowed = force === true || cost <= 0 || need <= level;
  const retryAfter = allowed ? 0 : Math.ceil((Math.min(need, full) - level) / limit);
  if (allowed) level = Math.min(full, level - need);
  const remaining = Math.max(0, Math.floor(level / window));
  return {
    state: [level, Math.max(last, now)],
    allowed,
    remaining,
    reset: remaining < burst ? Math.ceil(((remaining + 1) * window - level) / limit) : 0,
    retryAfter,
    ttl: Math.ceil((full - level) / limit),
  };
};

/**
 * A bucket of `burst` tokens (default: `limit`) that is full at first and gets `limit` back each `window`, evenly. In any
 * time as long as `window` never more than `burst + limit - 1`. All is counted in whole numbers, so that no fraction of a
 * token is lost: keep `burst` and `limit` times `window` below 2^53.
 *
 * @example rateLimit({ limits: [{ algorithm: tokenBucket, limit: 10, window: 1_000, burst: 50 }] })
 */
export const tokenBucket: Algorithm = {
  name: "token-bucket",
  step,
  lua: `function(s, now, cost, limit, window, burst, force)
burst = burst or limit
local full = burst * window
local level, last = full, now
if s then level, last = s[1], s[2] end
level = math.min(full, level + math.max(0, now - last) * limit)
local need = cost * window
local allowed = force or cost <= 0 or need <= level
local retry = allowed and 0 or math.ceil((math.min(need, full) - level) / limit)
if allowed then level = math.min(full, level - need) end
local remaining = math.max(0, math.floor(level / window))
return {level, math.max(last, now)}, allowed, remaining, remaining < burst and math.ceil(((remaining + 1) * window - level) / limit) or 0, retry, math.ceil((full - level) / limit)
end`,
};
