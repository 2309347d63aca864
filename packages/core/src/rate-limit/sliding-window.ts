/**
 * A count over the window that ends now.
 * @module
 */
import type { Algorithm } from "./algorithm.ts";

/** Slices of a window. One more is counted, so that the oldest request is whole in it. */
const SLICES = 16;

/** By itself, for who needs no script beside it. */
export const step: Algorithm["step"] = (state, now, cost, { limit, window, force }) => {
  const width = Math.ceil(window / SLICES);
  const [before = 0, ...old] = state ?? [];
  // A clock that went back stays in the newest slice.
  const at = Math.max(before, Math.floor(now / width));
  /** Newest first. */
  const counts = Array.from({ length: SLICES + 1 }, (_, index) => old[index - (at - before)] ?? 0);
  let total = counts.reduce((sum, count) => sum + count, 0);
  /** Until so many slices, the oldest first, are forgotten. */
  const until = (slices: number) => (at + slices) * width - now;
  /** Until the total is no more than this. */
  const fall = (most: number) => {
    let sum = total;
    for (let index = SLICES; index >= 0; index--) {
      if (sum <= most) return until(SLICES - index);
      sum -= counts[index] ?? 0;
    }
    return until(SLICES + 1);
  };
  const allowed = force === true || cost <= 0 || total + cost <= limit;
  // A cost above the limit finds even an empty window too small.
  const retryAfter = allowed ? 0 : Math.max(0, fall(Math.max(0, limit - cost)));
  if (allowed) {
    let rest = cost;
    // A refund takes from the newest.
    for (let index = 0; index <= SLICES && rest !== 0; index++) {
      const count = Math.max(0, (counts[index] ?? 0) + rest);
      rest -= count - (counts[index] ?? 0);
      counts[index] = count;
    }
    total = Math.max(0, total + cost);
  }
  return {
    state: [at, ...counts],
    allowed,
    remaining: Math.max(0, limit - total),
    reset: total > 0 ? fall(Math.min(total, limit) - 1) : 0,
    retryAfter,
    ttl: total > 0 ? fall(0) : 0,
  };
};

/**
 * Never more than `limit` in any time as long as `window`. The window is kept in 16 slices, and a slice is forgotten as
 * a whole: a unit comes back after `window` at the earliest and a sixteenth of it later at the latest (slices are whole
 * milliseconds, rounded up). Eighteen numbers of state, however large the limit.
 *
 * @example rateLimit({ limits: [{ algorithm: slidingWindow, limit: 100, window: 60_000 }] })
 */
export const slidingWindow: Algorithm = {
  name: "sliding-window",
  step,
  lua: `function(s, now, cost, limit, window, burst, force)
local width = math.ceil(window / ${SLICES})
local before = s and s[1] or 0
local at = math.max(before, math.floor(now / width))
local counts, total = {}, 0
for i = 0, ${SLICES} do
  local old = i - (at - before)
  counts[i] = s and old >= 0 and s[old + 2] or 0
  total = total + counts[i]
end
local function fall(most)
  local sum = total
  for i = ${SLICES}, 0, -1 do
    if sum <= most then return (at + ${SLICES} - i) * width - now end
    sum = sum - counts[i]
  end
  return (at + ${SLICES + 1}) * width - now
end
local allowed = force or cost <= 0 or total + cost <= limit
local retry = allowed and 0 or math.max(0, fall(math.max(0, limit - cost)))
if allowed then
  local rest = cost
  for i = 0, ${SLICES} do
    local count = math.max(0, counts[i] + rest)
    rest = rest - (count - counts[i])
    counts[i] = count
  end
  total = math.max(0, total + cost)
end
local state = {at}
for i = 0, ${SLICES} do state[i + 2] = counts[i] end
return state, allowed, math.max(0, limit - total), total > 0 and fall(math.min(total, limit) - 1) or 0, retry, total > 0 and fall(0) or 0
end`,
};
