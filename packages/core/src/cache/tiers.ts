/**
 * A nearer store before a farther one.
 * @module
 */
import type { KeyValueStore, StoredValue } from "../stores/store.ts";
import type { Context } from "../types.ts";

/** A store, whose `get` may be told to pass over what stands before it. */
export interface Tier extends Pick<KeyValueStore, "set" | "delete" | "list"> {
  get(key: string, isExact?: boolean): Promise<StoredValue | undefined>;
}

/** Keys whose absence the nearer store remembers as well: of most tags nobody has invalidated any. */
export const TAG = "tag:";

/**
 * Reads from `near`, and for at most `maxStale` seconds what `far` had. Writes go to both. What `near` does wrong is told
 * in the log alone.
 */
export function layered(
  near: KeyValueStore,
  far: Tier,
  maxStale: number,
  context: Pick<Context, "log" | "waitUntil">,
): Tier {
  const quietly = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      context.log.warn("cache tier failed", { error });
      return undefined;
    }
  };
  const put = (key: string, value: string | Uint8Array, ttl = maxStale) =>
    quietly(() => near.set(key, value, { ttl: Math.min(ttl, maxStale) }));
  return {
    async get(key, isExact) {
      const kept = isExact ? undefined : await quietly(() => near.get(key));
      // No bytes are no value: of those that caches keep, none is empty.
      if (kept) return kept.bytes.length > 0 ? kept : undefined;
      const value = await far.get(key, isExact);
      if (value || key.startsWith(TAG)) context.waitUntil(put(key, value?.bytes ?? ""));
      return value;
    },
    async set(key, value, options) {
      await far.set(key, value, options);
      await put(key, value, options?.ttl);
    },
    list: (options) => far.list(options),
    async delete(key) {
      await far.delete(key);
      await quietly(() => near.delete(key));
    },
  };
}
