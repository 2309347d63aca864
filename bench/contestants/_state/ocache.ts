import { Redis } from "ioredis";
import { createBlobStorage, createMemoryStorage, defineCachedHandler } from "ocache";
import { BODY, type Env } from "./shared.ts";

export async function open(env: Env): Promise<Record<string, () => Promise<Response>>> {
  const redis = new Redis(env.REDIS_URL);
  const ask = (storage: ReturnType<typeof createMemoryStorage>) => {
    const handler = defineCachedHandler(() => new Response(BODY, { headers: { "content-type": "text/plain" } }), {
      maxAge: 3_600,
      storage,
    });
    return async () => {
      const req = new Request("http://bench.test/");
      return handler({ req, url: new URL(req.url) });
    };
  };
  const blobs = createBlobStorage({
    get: (key) => redis.getBuffer(key),
    async set(key, value, { ttl } = {}) {
      if (value === null) await redis.del(key);
      else if (ttl) await redis.set(key, Buffer.from(value), "EX", ttl);
      else await redis.set(key, Buffer.from(value));
    },
  });
  return { "hit, memory": ask(createMemoryStorage()), "hit, Redis": ask(blobs) };
}
