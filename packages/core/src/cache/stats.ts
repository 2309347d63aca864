/**
 * What the caches of one instance have done.
 * @module
 */
import type { Context, Key } from "../types.ts";
import type { CacheStatus } from "./status.ts";

/** Counted since the instance began. Each answer is one of the first five. */
export interface CacheStats {
  /** Served fresh. */
  hits: number;
  /** Served stale: while it was refreshed, or in the place of a failing origin. */
  stale: number;
  /** Waited for another request of the same kind, of this instance or of another. */
  collapsed: number;
  /** Went to the origin. */
  misses: number;
  /** Was none of the cache's business: an unsafe method, or a request that it may not answer. */
  passed: number;
  /** Of the misses, those that the origin answered with 304. */
  revalidated: number;
  stored: number;
  /** Refreshes in `waitUntil`. */
  refreshed: number;
  /** Failures of a store. */
  errors: number;
}

const STATS: Key<Map<string, CacheStats>> = { name: "cache stats" };

/**
 * What the cache of this name has done on this instance, as a copy.
 *
 * @param name Default `godwit`, as that of `cache()`.
 * @example context.log.info("cache", { ...cacheStats(context) });
 */
export function cacheStats(context: Pick<Context, "shared">, name: string = "godwit"): CacheStats {
  return { ...statsOf(context, name) };
}

export function count(context: Pick<Context, "shared">, name: string, what: keyof CacheStats): void {
  statsOf(context, name)[what]++;
}

function statsOf(context: Pick<Context, "shared">, name: string): CacheStats {
  const all = context.shared(STATS, () => new Map());
  const stats = all.get(name) ?? {
    hits: 0,
    stale: 0,
    collapsed: 0,
    misses: 0,
    passed: 0,
    revalidated: 0,
    stored: 0,
    refreshed: 0,
    errors: 0,
  };
  all.set(name, stats);
  return stats;
}

/** Counts one answer by what its Cache-Status says. */
export function countAnswer(context: Pick<Context, "shared">, name: string, status: CacheStatus): void {
  const { hit, fwd, fwdStatus, ttl = 0, collapsed, detail, stored } = status;
  const isStale = detail === "stale-if-error" || (hit && ttl <= 0);
  const isPassed = fwd === "bypass" || fwd === "method";
  const what = isStale ? "stale" : hit ? "hits" : collapsed ? "collapsed" : isPassed ? "passed" : "misses";
  count(context, name, what);
  if (fwdStatus === 304) count(context, name, "revalidated");
  if (stored) count(context, name, "stored");
}
