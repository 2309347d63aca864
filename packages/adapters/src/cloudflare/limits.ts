/**
 * What Cloudflare allows, in one place and dated. developers.cloudflare.com/workers/platform/limits and
 * /workers/static-assets, compared on the date below.
 * @module
 */
import type { Capabilities, Limits } from "@godwit/bundler/contracts";
import { WORKERD_DEV } from "./dev.ts";

const CHECKED = "2026-11-21";
const MIB = 1024 * 1024;

export type Plan = "free" | "paid";

const COMMON: Limits = {
  functionBytes: 64 * MIB,
  requestBytes: 100 * MIB,
  startup: 1000,
  assetBytes: 25 * MIB,
};

/** Script sizes are after gzip: what Cloudflare answers with error 10027 is over them. */
export const LIMITS: Record<Plan, Limits> = {
  free: { ...COMMON, functions: 100, functionGzipBytes: 3 * MIB, assetCount: 20_000 },
  paid: { ...COMMON, functions: 500, functionGzipBytes: 10 * MIB, assetCount: 100_000 },
};

/**
 * Node built-ins that work under `nodejs_compat`, tried one by one in workerd 1.20260730.1 with its own date. Those
 * that can be imported there but throw when they are used are not in the list: child_process, cluster, dgram, domain,
 * http2, inspector, repl, sqlite, test, trace_events, v8, vm, wasi, worker_threads.
 */
export const NODE_BUILTINS: readonly string[] = [
  "assert",
  "assert/strict",
  "async_hooks",
  "buffer",
  "console",
  "constants",
  "crypto",
  "diagnostics_channel",
  "dns",
  "dns/promises",
  "events",
  "fs",
  "fs/promises",
  "http",
  "https",
  "module",
  "net",
  "os",
  "path",
  "path/posix",
  "path/win32",
  "perf_hooks",
  "process",
  "punycode",
  "querystring",
  "readline",
  "readline/promises",
  "stream",
  "stream/consumers",
  "stream/promises",
  "stream/web",
  "string_decoder",
  "sys",
  "timers",
  "timers/promises",
  "tls",
  "tty",
  "url",
  "util",
  "util/types",
  "zlib",
];

/** A Worker with `nodejs_compat`. */
export const WORKER: Capabilities = {
  checked: CHECKED,
  runtime: "workerd",
  streaming: true,
  waitUntil: "after",
  clientAbort: true,
  webSockets: true,
  assets: "platform",
  schedule: true,
  nodeBuiltins: NODE_BUILTINS,
  nativeModules: false,
  front: "self",
  dev: WORKERD_DEV,
  limits: LIMITS.free,
};

/** A Worker without that flag: web standards alone. */
export const WEB_WORKER: Capabilities = { ...WORKER, nodeBuiltins: [] };
