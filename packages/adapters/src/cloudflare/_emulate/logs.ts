/**
 * workerd's words, as ours.
 * @module
 */
import type { LogLine } from "@godwit/bundler/contracts";

/** workerd's word for a level, as ours. */
export function toLevel(level: string): LogLine["level"] {
  return level === "debug" || level === "warn" || level === "error" ? level : "info";
}

/**
 * workerd tells of an exception with its own C++ source and addresses:
 * `Uncaught exception: workerd/...: failed: remote.jsg.TypeError: no\nstack: ...` is `Uncaught TypeError: no`.
 */
export function toMessage(text: string): string {
  return text
    .replace(/\nstack: [^\n]*workerd[^\n]*/g, "")
    .replace(/^Uncaught exception: (?:\S+: )?(?:\w+: )?(?:remote\.)?jsg\.(?:internal\.)?/, "Uncaught ");
}
