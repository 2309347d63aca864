/**
 * One round trip to Redis for all rules of a key.
 * @module
 */
import type { Algorithm } from "./algorithm.ts";

/**
 * A script of Redis that takes from one key by these algorithms, all or nothing. `KEYS[1]` is the key; `ARGV` holds five
 * texts a rule, in order: cost, limit, window, burst (empty for the algorithm's own), force (`1` or empty). It answers an
 * array of texts: the server's time in milliseconds since 1970, `1` or `0` for allowed, then allowed, remaining, reset
 * and retryAfter of each rule. Of a take that is refused, a rule that would have allowed it tells what is left.
 *
 * The state lies in one string: numbers with commas between them, rules with bars.
 */
export function toScript(algorithms: readonly Algorithm[]): string {
  return `local f = {${algorithms.map(({ lua }) => lua).join(",\n")}}
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local states = {}
for rule in string.gmatch((redis.call("GET", KEYS[1]) or "") .. "|", "([^|]*)|") do
  local state, n = {}, 0
  for number in string.gmatch(rule, "[^,]+") do n = n + 1 state[n] = tonumber(number) end
  states[#states + 1] = n > 0 and state or false
end
local function run(i, cost)
  local a = (i - 1) * 5
  return {f[i](states[i] or nil, now, cost or tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4]), ARGV[a + 5] == "1")}
end
local all, ttl, steps, kept = true, 0, {}, {}
for i = 1, #f do
  local step = run(i)
  steps[i] = step
  all = all and step[2]
  ttl = math.max(ttl, step[6])
end
for i, step in ipairs(steps) do
  if not all and step[2] then step = run(i, 0) step[2] = true steps[i] = step end
  for j, number in ipairs(step[1]) do step[1][j] = string.format("%.17g", number) end
  kept[i] = table.concat(step[1], ",")
end
if all then
  if ttl > 0 then redis.call("SET", KEYS[1], table.concat(kept, "|"), "PX", string.format("%.0f", ttl))
  else redis.call("DEL", KEYS[1]) end
end
local answer = {string.format("%.0f", now), all and "1" or "0"}
for _, step in ipairs(steps) do
  answer[#answer + 1] = step[2] and "1" or "0"
  for j = 3, 5 do answer[#answer + 1] = string.format("%.17g", step[j]) end
end
return answer`;
}
