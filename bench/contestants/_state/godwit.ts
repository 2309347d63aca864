import { createApp } from "../../../packages/core/src/app.ts";
import { cache } from "../../../packages/core/src/middleware/cache.ts";
import { rateLimit } from "../../../packages/core/src/middleware/rate-limit.ts";
import { slidingWindow } from "../../../packages/core/src/rate-limit/sliding-window.ts";
import { onePattern } from "../../../packages/core/src/router.ts";
import { openStores } from "../../../packages/core/src/stores/open.ts";
import * as redis from "../../../packages/core/src/stores/redis.ts";
import * as upstash from "../../../packages/core/src/stores/upstash.ts";
import type { Middleware, StoreName } from "../../../packages/core/src/types.ts";
import { BODY, type Env, MANY, ONE } from "./shared.ts";

export async function open(env: Env): Promise<Record<string, () => Promise<Response>>> {
  const stores = openStores({
    redis: { open: (given) => redis.open({}, given) },
    rest: { open: (given) => upstash.open({}, given) },
  });
  const execution = { env, ip: "192.0.2.1", waitUntil() {}, platform: { name: "bench", raw: undefined } };
  const ask = (...middleware: Middleware[]) => {
    const module = { GET: () => new Response(BODY, { headers: { "content-type": "text/plain" } }) };
    const app = createApp(onePattern([], { pattern: "/", module, middleware }), { stores });
    return () => app.fetch(new Request("http://bench.test/"), execution);
  };
  const store = (name: string) => name as StoreName; // what the config would have named
  const limit = (name: string, most: number) =>
    ask(
      rateLimit({
        store: store(name),
        limits: [{ algorithm: slidingWindow, limit: most, window: 3_600_000, name: `g${most}` }],
        deadline: 5_000,
      }),
    );
  return {
    "hit, memory": ask(cache({ ttl: 3_600 })),
    "hit, Redis": ask(cache({ store: store("redis"), ttl: 3_600 })),
    "limit, Redis": limit("redis", MANY),
    "limit, REST": limit("rest", MANY),
    "blocked, REST": limit("rest", ONE),
  };
}
