import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
import { BODY, type Env, MANY, ONE } from "./shared.ts";

export async function open(env: Env): Promise<Record<string, () => Promise<Response>>> {
  const redis = new Redis({ url: env.UPSTASH_REDIS_REST_URL, token: env.UPSTASH_REDIS_REST_TOKEN });
  const limit = (most: number) => {
    const limiter = new Ratelimit({ redis, limiter: Ratelimit.slidingWindow(most, "1 h"), prefix: `u${most}` });
    return async () => {
      const { success } = await limiter.limit("192.0.2.1");
      return success
        ? new Response(BODY, { headers: { "content-type": "text/plain" } })
        : new Response("Too Many Requests", { status: 429 });
    };
  };
  return { "limit, REST": limit(MANY), "blocked, REST": limit(ONE) };
}
