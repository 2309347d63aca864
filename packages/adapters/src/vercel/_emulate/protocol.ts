/**
 * What the emulator and the process of a function tell each other.
 * @module
 */
import type { CacheCall } from "./runtime-cache.ts";

/** The process's one argument, as JSON. */
export interface ChildOptions {
  /** Absolute path of the function's entry; without one, the process is a bare runtime to measure against. */
  entry?: string;
  /** Absolute path of edge-runtime's main file. */
  runtime?: string;
  /** Modules may come as texts. */
  dev?: boolean;
}

/** To the child: asks for its CPU so far, or answers what it asked of the Runtime Cache. */
export type ParentMessage = { kind: "cpu"; id: number } | { kind: "cache"; id: number; text?: string };

/** From the child: it takes requests, it failed to start, its CPU in microseconds, or a question to the cache. */
export type ChildMessage =
  | { kind: "ready"; port: number; cpu: number }
  | { kind: "failed" }
  | { kind: "cpu"; id: number; cpu: number }
  | { kind: "cache"; id: number; call: CacheCall };
