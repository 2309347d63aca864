/**
 * The generic cell rate algorithm (ITU-T I.371): requests at an even distance.
 * @module
 */
import type { Algorithm } from "./algorithm.ts";

/** By itself, for who needs no script beside it. */
export const step: Algorithm["step"] = (
  [time = 0, fraction = 0] = [],
  now,
  cost,
  { limit, window, burst = 1, force },
) => {
  /** What has been taken ahead of its time, as all below in units of `1 / limit` milliseconds. */
  let ahead = Math.max(0, (time - now) * limit + fraction);
  const most = burst * window;
  const need = cost * window;
  const allowed = force === true || cost <= 0 || ahead + need <= most;
  const retryAfter = allowed ? 0 : Math.ceil((ahead + Math.min(need, most) - most) / limit);
  if (allowed) ahead = Math.max(0, ahead + need);
  const whole = Math.floor(ahead / limit);
  const remaining = Math.max(0, Math.floor((most - ahead) / window));
  return {
    state: [now + whole, ahead - whole * limit],
    allowed,
    remaining,
    reset: remaining < burst ? Math.ceil((ahead - most + (remaining + 1) * window) / limit) : 0,
    retryAfter,
    ttl: Math.ceil(ahead / limit),
  };
};

/**
 * One request each `window / limit`, and up to `burst` of them (default 1) at once. In any time as long as `window` never
 * more than `burst + limit - 1`: `limit` itself where `burst` is left out. The state is one moment, the theoretical arrival
 * time, with its fraction of a millisecond in whole numbers of `1 / limit`: nothing is rounded. Keep `burst` and `limit`
 * times `window` below 2^53.
 *
 * @example rateLimit({ limits: [{ algorithm: gcra, limit: 10, window: 1_000, burst: 3 }] })
 */
export const gcra: Algorithm = {
  name: "gcra",
  step,
  lua: `function(s, now, cost, limit, window, burst, force)
burst = burst or 1
local ahead = s and math.max(0, (s[1] - now) * limit + s[2]) or 0
local most = burst * window
local need = cost * window
local allowed = force or cost <= 0 or ahead + need <= most
local retry = allowed and 0 or math.ceil((ahead + math.min(need, most) - most) / limit)
if allowed then ahead = math.max(0, ahead + need) end
local whole = math.floor(ahead / limit)
local remaining = math.max(0, math.floor((most - ahead) / window))
return {now + whole, ahead - whole * limit}, allowed, remaining, remaining < burst and math.ceil((ahead - most + (remaining + 1) * window) / limit) or 0, retry, math.ceil(ahead / limit)
end`,
};
