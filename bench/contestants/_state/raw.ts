/** The store's own call around a handler, and nothing else. */
import { Redis } from "ioredis";
import { BODY, type Env } from "./shared.ts";

const TAKE =
  'local n = redis.call("INCR", KEYS[1]) if n == 1 then redis.call("PEXPIRE", KEYS[1], 3600000) end return n';

export async function open(env: Env): Promise<Record<string, () => Promise<Response>>> {
  const redis = new Redis(env.REDIS_URL);
  const answer = (body = BODY) => new Response(body, { headers: { "content-type": "text/plain" } });
  const kept = new Map([["key", BODY]]);
  await redis.set("raw", BODY);
  const sha = String(await redis.script("LOAD", TAKE));
  return {
    "hit, memory": async () => answer(kept.get("key")),
    "hit, Redis": async () => answer((await redis.getBuffer("raw"))?.toString()),
    "limit, Redis": async () => answer(Number(await redis.evalsha(sha, 1, "raw:count")) > 0 ? BODY : ""),
    async "limit, REST"() {
      const answered = await fetch(env.UPSTASH_REDIS_REST_URL, {
        method: "POST",
        headers: { authorization: `Bearer ${env.UPSTASH_REDIS_REST_TOKEN}` },
        body: JSON.stringify(["EVALSHA", sha, 1, "raw:count"]),
      });
      const { result } = (await answered.json()) as { result: number }; // the protocol
      return answer(result > 0 ? BODY : "");
    },
  };
}
