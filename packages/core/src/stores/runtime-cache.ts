/**
 * A store in Vercel's Runtime Cache.
 * @module
 */
import { fromBase64, toBase64 } from "./base64.ts";
import { call, failed, unlistable } from "./remote.ts";
import type { KeyValueStore, OpenStore, StoreDriver } from "./store.ts";
import { checkKey, isOver, toKept, toValue } from "./value.ts";

/**
 * Names the driver in `godwit.config.ts`. All functions of a project and environment share the cache within a region of
 * Vercel, deployments too. It forgets what it has no room for, so it is for what may be forgotten: a cache, above all
 * (vercel.com/docs/runtime-cache).
 *
 * @example stores: { pages: { vercel: runtimeCache() } }
 */
export function runtimeCache(): StoreDriver {
  return {
    module: "@godwit/core/stores/runtime-cache",
    options: {},
    guarantees: { reads: "region", durable: false, maxValue: MAX_VALUE, minTtl: 1, list: "none" },
    runtimes: ["node", "edge"],
  };
}

/** An item is at most 2 MB of JSON, and Base64 takes four bytes for three; a little is left for what stands beside. */
const MAX_VALUE = 1_490_000;

/** The bytes as Base64, the app's metadata as JSON, and when it is over in milliseconds since 1970. */
type Item = [bytes: string, metadata: string | null, expires: number | null];

/** What `@vercel/functions` takes `getCache()` from: the request's context gives it. */
interface RuntimeCache {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown, options?: { name?: string; ttl?: number }): Promise<void>;
  delete(key: string): Promise<void>;
}

/** Its methods reject with STORE_FAILED where the request at hand has no Runtime Cache, as on any other platform. */
export function open(_options: object, { name }: Pick<OpenStore, "name">): KeyValueStore {
  const use = async <T>(key: string, work: (cache: RuntimeCache, item: string) => Promise<T>): Promise<T> => {
    const text = new TextEncoder().encode(`${name}\0${checkKey(key)}`);
    const cache = find();
    if (!cache) {
      throw failed(
        name,
        "the request has no Runtime Cache. It is there in functions on Vercel, and where godwit runs them; name another driver for this target",
      );
    }
    return call(name, { attempts: 1 }, async () => {
      try {
        // A key is part of a path for Vercel, and others of the project's code have keys of their own.
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
        return await work(cache, `godwit-${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}`);
      } catch (error) {
        throw failed(name, `the Runtime Cache said ${error}`, error);
      }
    });
  };
  return {
    get: (key) =>
      use(key, async (cache, item) => {
        const found = await cache.get(item);
        if (!Array.isArray(found)) return undefined;
        const [bytes, metadata, expires] = found as Item; // nobody else writes below these keys
        return isOver(expires) ? undefined : toValue(fromBase64(bytes), metadata);
      }),
    async set(key, value, options) {
      const { bytes, metadata = null, expires = null } = toKept(value, options, MAX_VALUE);
      const item: Item = [toBase64(bytes), metadata, expires];
      // `name`, which it shows beside an item, is a header somewhere: a key is not always one.
      const ttl = options?.ttl !== undefined && { ttl: Math.ceil(options.ttl) };
      await use(key, (cache, at) => cache.set(at, item, { name: "", ...ttl }));
    },
    delete: (key) => use(key, (cache, item) => cache.delete(item)),
    list: async () => {
      throw unlistable(name, "Vercel's Runtime Cache");
    },
  };
}

/** Each request has its own. */
function find(): RuntimeCache | undefined {
  const holder = globalThis as { [key: symbol]: { get?(): { cache?: RuntimeCache } | undefined } | undefined }; // Vercel's
  return holder[Symbol.for("@vercel/request-context")]?.get?.()?.cache;
}
