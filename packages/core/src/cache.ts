/**
 * What an app calls of the cache beside `cache()` of `@godwit/core/middleware/cache`.
 * @module
 */
export { type CachedOptions, cached, type Kept } from "./cache/cached.ts";
export { type InvalidateOptions, invalidateKey, invalidatePrefix, invalidateTag } from "./cache/invalidators.ts";
export type { CacheContext, Duration, Tiers } from "./cache/opened.ts";
export { type CacheStats, cacheStats } from "./cache/stats.ts";
export { addTags } from "./cache/tags.ts";
