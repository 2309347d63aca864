/**
 * What functions see of the Runtime Cache: `cache` of Vercel's request context, in the shape that `@vercel/functions`
 * (3.9) takes it in. As the one on the platform, it never rejects: what failed is in the log.
 * @module
 */
import type { CacheCall } from "./runtime-cache.ts";

export interface CacheClient {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown, options?: { name?: string; tags?: string[]; ttl?: number }): Promise<void>;
  delete(key: string): Promise<void>;
  expireTag(tag: string | string[]): Promise<void>;
}

/** Bytes of the largest item, as JSON: https://vercel.com/docs/runtime-cache */
const LARGEST = 2_000_000;

/** `parse` makes values of the function's own realm. */
export function createCacheClient(
  ask: (call: CacheCall) => Promise<string | undefined>,
  parse: (text: string) => unknown = JSON.parse,
): CacheClient {
  return {
    async get(key) {
      const text = await ask({ do: "get", key });
      return text === undefined ? null : parse(text);
    },
    async set(key, value, { ttl, tags = [] } = {}) {
      const text = JSON.stringify(value ?? null);
      const size = Buffer.byteLength(text);
      if (size > LARGEST) console.error(`The Runtime Cache takes no item of ${size} bytes: ${LARGEST} is the most.`);
      else await ask({ do: "set", key, text, ttl, tags });
    },
    async delete(key) {
      await ask({ do: "delete", key });
    },
    async expireTag(tag) {
      await ask({ do: "expireTag", tags: Array.isArray(tag) ? tag : [tag] });
    },
  };
}
