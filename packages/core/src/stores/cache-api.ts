/**
 * A store in the cache of the Cloudflare location that runs the Worker.
 * @module
 */
import { call, type RemoteOptions, Transient, unlistable } from "./remote.ts";
import type { KeyValueStore, OpenStore, StoreDriver } from "./store.ts";
import { checkKey, isOver, toKept, toValue } from "./value.ts";

/** A type and no interface: JSON is an index signature. */
export type CacheApiOptions = {
  /** The name of the cache, apart from that of the zone's pages. Default `godwit`. */
  cache?: string;
  /**
   * What keys are addresses below, such as `https://example.com`: Cloudflare asks for a host of the Worker's own zone, since
   * others may cost a look-up of their name. Default: a host that nobody can have.
   */
  origin?: string;
} & RemoteOptions;

/**
 * Names the driver in `godwit.config.ts`. Each of Cloudflare's locations has what was written there, forgets it when it
 * needs room, and deletes there alone. It is promised for Workers on a domain or a route of a zone, and not at workers.dev
 * (developers.cloudflare.com/workers/runtime-apis/cache).
 *
 * @example stores: { pages: { cloudflare: cacheApi() } }
 */
export function cacheApi(options: CacheApiOptions = {}): StoreDriver {
  return {
    module: "@godwit/core/stores/cache-api",
    options: { ...options },
    guarantees: { reads: "region", durable: false, maxValue: MAX_VALUE, minTtl: 1, list: "none" },
    runtimes: ["workerd"],
  };
}

/** Cloudflare takes 512 MB, and a Worker has 128 MB of memory: what Workers KV takes. */
const MAX_VALUE = 26_214_400;
/** What has no TTL: a year, if nobody needs the room. */
const LONGEST = 31_536_000;

/** Without an origin keys are below an address that nobody can have (RFC 2606). */
export function open(
  { cache: own = "godwit", origin = "http://store.invalid", ...options }: CacheApiOptions,
  { name }: OpenStore,
): KeyValueStore {
  const use = <T>(work: (cache: Cache) => Promise<T>): Promise<T> =>
    call(name, options, async () => {
      try {
        return await work(await caches.open(own));
      } catch (error) {
        throw new Transient(String(error), { cause: error });
      }
    });
  const urlOf = (key: string): string => `${origin}/${name}/${encodeURIComponent(checkKey(key))}`;
  return {
    async get(key) {
      const url = urlOf(key);
      const found = await use(async (cache) => {
        const response = await cache.match(url);
        return response && { headers: response.headers, bytes: new Uint8Array(await response.arrayBuffer()) };
      });
      const beside = found?.headers.get("godwit");
      if (!found || !beside) return undefined;
      const { m, e }: { m?: string; e?: number } = JSON.parse(decodeURIComponent(beside)); // as it was written below
      return isOver(e) ? undefined : toValue(found.bytes, m);
    },
    async set(key, value, given) {
      const url = urlOf(key);
      const { bytes, metadata: m, expires: e } = toKept(value, given, MAX_VALUE);
      const seconds = Math.min(LONGEST, Math.ceil(given?.ttl ?? LONGEST));
      const headers = {
        "cache-control": `max-age=${seconds}`,
        "content-type": "application/octet-stream",
        godwit: encodeURIComponent(JSON.stringify({ m, e })),
      };
      await use((cache) => cache.put(url, new Response(bytes, { headers })));
    },
    async delete(key) {
      const url = urlOf(key);
      await use((cache) => cache.delete(url));
    },
    async list() {
      throw unlistable(name, "the Cache API");
    },
  };
}
