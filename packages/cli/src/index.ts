/**
 * What an app imports from `godwit`: its config's types, and itself for tests.
 * @module
 */
export { type CacheApiOptions, cacheApi } from "@godwit/core/stores/cache-api";
export { durableObject } from "@godwit/core/stores/durable-object";
export { dynamodb } from "@godwit/core/stores/dynamodb";
export { kv } from "@godwit/core/stores/kv";
export { type MemoryOptions, memory } from "@godwit/core/stores/memory";
export { type RedisOptions, redis } from "@godwit/core/stores/redis";
export { runtimeCache } from "@godwit/core/stores/runtime-cache";
export { type SqliteOptions, sqlite } from "@godwit/core/stores/sqlite";
export { type UpstashOptions, upstash } from "@godwit/core/stores/upstash";
export { type ConformOptions, type ConformRun, conform, type Outcome } from "./conform/conform.ts";
export type { ConformRequestInput } from "./conform/requests.ts";
export { type Config, defineConfig } from "./project/config.ts";
export { loadApp } from "./project/load-app.ts";
