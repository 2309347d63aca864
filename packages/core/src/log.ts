/**
 * The logger that `context.log` is until the `logger` middleware puts a richer one in its place: one JSON object a
 * line on the console.
 * @module
 */
import type { LogFields, Logger, LogLevel } from "./types.ts";

/**
 * An error among the fields as data: JSON.stringify alone would write `{}`. Told by its stack, not by instanceof: it
 * may come from another realm. Only these members, since others (a client's whole request) may hold secrets.
 */
export function errorAsData(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}`;
  const error = value as Error & { code?: unknown }; // members of anything else are undefined
  if (!error?.stack) return value;
  return { name: error.name, message: error.message, code: error.code, stack: error.stack, cause: error.cause };
}

/** A line on the console, of the console's own method for the level. Never throws: fields with a cycle are left out. */
export function createLogger(fields: LogFields): Logger {
  const write = (level: LogLevel) => (message: string, more?: LogFields) => {
    let line = message;
    try {
      line = JSON.stringify({ level, message, ...fields, ...more }, errorAsData);
    } catch {}
    console[level](line);
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (more) => createLogger({ ...fields, ...more }),
  };
}
