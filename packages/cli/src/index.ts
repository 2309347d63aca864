/**
 * What an app imports from `godwit`: its config's types, and itself for tests.
 * @module
 */
export { type ConformOptions, type ConformRun, conform, type Outcome } from "./conform/conform.ts";
export type { ConformRequestInput } from "./conform/requests.ts";
export { type Config, defineConfig } from "./project/config.ts";
export { loadApp } from "./project/load-app.ts";
