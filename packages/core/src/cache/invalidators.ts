/**
 * Invalidation by hand, for routes that write: none of the cache itself comes with it.
 * @module
 */

import type { StoreName } from "../types.ts";
import { FLIGHTS, Flights } from "./flights.ts";
import { beginning, keyOf, QUERIES } from "./key.ts";
import { type CacheContext, findTiers, NAME } from "./opened.ts";
import { advance } from "./tags.ts";

export interface InvalidateOptions {
  /** That of the cache, as a literal, so that the build sees it. Default: the memory of the instance. */
  store?: StoreName;
  /** That of the cache. Default `godwit`. */
  name?: string;
}

/**
 * From now on no stored value with this tag answers anybody: one write, however many there are. Who has a memory tier or
 * a nearer store sees it after their `maxStale` at the latest; this instance at once, but for reads that are on their way.
 * Rejects where the store fails: then nothing was invalidated.
 *
 * @example await invalidateTag(context, `user:${id}`, { store: "main" });
 */
export async function invalidateTag(
  context: CacheContext,
  tag: string,
  options: InvalidateOptions = {},
): Promise<void> {
  const tier = findTiers(context, options);
  if (tier) await advance(tier, options.name ?? NAME, tag);
}

/**
 * Forgets what is stored for a URL, or for what the cache's `key` gives; all variants, and the answers to QUERY. Answers
 * that are on their way are not stored where they are of this instance. Rejects where the store fails.
 *
 * @example await invalidateKey(context, new URL("/prices", request.url).href, { store: "main" });
 */
export async function invalidateKey(
  context: CacheContext,
  url: string,
  options: InvalidateOptions = {},
): Promise<void> {
  const tier = findTiers(context, options);
  const { name = NAME } = options;
  // A URL is kept without its fragment, a key of the app's own to the last character.
  const uris = /^https?:/.test(url) ? [url, url.replace(/#.*/s, "")] : [url];
  const keys = await Promise.all([...new Set(uris)].flatMap((uri) => [keyOf(name, uri), keyOf(name, QUERIES + uri)]));
  await Promise.all(
    keys.map((key) => {
      context.shared(FLIGHTS, () => new Flights()).doom(key);
      return tier?.delete(key);
    }),
  );
}

/**
 * Forgets everything whose URL begins so: lists the keys, a thousand at a time, and deletes each, so that its time grows
 * with their number. A tag costs one write instead. What the store's list shows late (`kv`) is forgotten late. Where the
 * prefix is long or not ASCII, a little more may go with it. Gives how many keys went. Rejects where the store fails, and
 * with STORE_UNLISTABLE where its driver cannot list.
 *
 * @example await invalidatePrefix(context, new URL("/blog/", request.url).href, { store: "main" });
 */
export async function invalidatePrefix(
  context: CacheContext,
  prefix: string,
  options: InvalidateOptions = {},
): Promise<number> {
  const tier = findTiers(context, options);
  if (!tier) return 0;
  let gone = 0;
  for (const each of [prefix, QUERIES + prefix]) {
    let cursor: string | undefined;
    do {
      const page = await tier.list({
        prefix: beginning(`cache:${options.name ?? NAME}:${each}`),
        ...(cursor !== undefined && { cursor }),
      });
      await Promise.all(page.keys.map(({ key }) => tier.delete(key)));
      gone += page.keys.length;
      ({ cursor } = page);
    } while (cursor !== undefined);
  }
  return gone;
}
