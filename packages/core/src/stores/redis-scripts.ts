/**
 * What changes values and leases in Redis, each in one step.
 * @module
 */

/**
 * `KEYS`: value, order, ends; `ARGV`: key, field, value, metadata, end, TTL in milliseconds or empty. It forgets up to 16
 * keys of the index whose values Redis has expired, so that an index that nobody lists stays as large as what is there.
 */
export const SET: string = `local t = redis.call("TIME")
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local over = redis.call("ZRANGEBYSCORE", KEYS[3], "-inf", string.format("(%.0f", now), "LIMIT", 0, 16)
if #over > 0 then
  redis.call("ZREM", KEYS[2], unpack(over))
  redis.call("ZREM", KEYS[3], unpack(over))
end
redis.call("DEL", KEYS[1])
redis.call("HSET", KEYS[1], ARGV[2], ARGV[3], "m", ARGV[4], "e", ARGV[5])
redis.call("ZADD", KEYS[2], 0, ARGV[1])
if ARGV[6] == "" then redis.call("ZREM", KEYS[3], ARGV[1])
else
  redis.call("PEXPIRE", KEYS[1], ARGV[6])
  redis.call("ZADD", KEYS[3], string.format("%.0f", now + ARGV[6]), ARGV[1])
end`;

/** `KEYS`: value, order, ends; `ARGV`: key. */
export const DELETE: string = `redis.call("DEL", KEYS[1])
redis.call("ZREM", KEYS[2], ARGV[1])
redis.call("ZREM", KEYS[3], ARGV[1])`;

/**
 * `KEYS`: order, ends; `ARGV`: where to start, prefix, how many, what stands before the key of a value. It answers key,
 * metadata and end of each; a value that is gone has the end 0, and leaves the index. No byte of UTF-8 is 255.
 */
export const LIST: string = `local out = {}
for _, key in ipairs(redis.call("ZRANGEBYLEX", KEYS[1], ARGV[1], "(" .. ARGV[2] .. "\\255", "LIMIT", 0, ARGV[3])) do
  local v = redis.call("HMGET", ARGV[4] .. key, "m", "e")
  if not v[2] then
    redis.call("ZREM", KEYS[1], key)
    redis.call("ZREM", KEYS[2], key)
  end
  out[#out + 1] = key
  out[#out + 1] = v[1] or ""
  out[#out + 1] = v[2] or "0"
end
return out`;

/**
 * `KEYS`: lease, last token; `ARGV`: milliseconds. Tokens follow the server's microseconds since 1970: they grow even
 * where the last one was lost, as in a failover.
 */
export const LEASE: string = `if redis.call("EXISTS", KEYS[1]) == 1 then return false end
local t = redis.call("TIME")
local token = string.format("%.0f", math.max((redis.call("GET", KEYS[2]) or 0) + 1, t[1] * 1000000 + t[2]))
redis.call("SET", KEYS[2], token)
redis.call("SET", KEYS[1], token, "PX", ARGV[1])
return token`;

/** `KEYS`: lease; `ARGV`: token. */
export const RELEASE: string = `if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("DEL", KEYS[1]) end`;
