/**
 * The logger that `context.log` is until the `logger` middleware puts a richer one in its place: one JSON object a
 * line on the console.
 * @module
 */
import type { LogFields, Logger } from "./types.ts";

type Level = "debug" | "info" | "warn" | "error";

/** An Error as data: JSON.stringify alone would write `{}`. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: String(error) };
  const { name, message, stack, cause } = error;
  const code = "code" in error ? error.code : undefined;
  return { error: { name, message, code, stack, ...(cause !== undefined && { cause: errorFields(cause).error }) } };
}

/** A line on the console, of the console's own method for the level. Never throws: a value without JSON is dropped. */
export function createLogger(fields: LogFields): Logger {
  const write = (level: Level) => (message: string, more?: LogFields) => {
    let line: string;
    try {
      line = JSON.stringify({ level, message, ...fields, ...more });
    } catch {
      line = JSON.stringify({ level, message });
    }
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
