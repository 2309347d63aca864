/**
 * What functions log, for people: JSON of `context.log` as level, words and fields; a stack on lines of its own.
 * @module
 */
import type { LogLine } from "@godwit/bundler/contracts";
import colors from "./colors.ts";

const PAINT = { debug: colors.dim, info: colors.cyan, warn: colors.yellow, error: colors.red };

/** A line as a terminal shows it. What is no JSON of a logger stays as it is. */
export function formatLog({ function: id, level, text }: LogLine): string {
  const entry = parse(text);
  const shown = entry?.level ?? level;
  const head = `${colors.dim(id)} ${PAINT[shown](shown.padEnd(5))}`;
  if (!entry) return `${head} ${text}`;
  const { message, route, error, fields } = entry;
  const pairs = Object.entries(fields).map(([key, value]) => colors.dim(`${key}=${JSON.stringify(value)}`));
  const words = [head, ...(route ? [route] : []), message, ...pairs].join(" ");
  return error === undefined ? words : `${words}\n${indent(stackOf(error))}`;
}

interface Entry {
  level: LogLine["level"];
  message: string;
  route?: string;
  error?: unknown;
  fields: Record<string, unknown>;
}

/** Without what a person who looks on knows, the time, and what nobody reads, the request's id. */
function parse(text: string): Entry | undefined {
  if (!/^\{"(?:time|level)":"/.test(text)) return undefined;
  try {
    const {
      time: _,
      requestId: __,
      level,
      message,
      route,
      error,
      ...fields
    } = JSON.parse(text) as Record<string, unknown>; // an object: it starts with a brace
    if (!isLevel(level) || typeof message !== "string") return undefined;
    return { level, message, ...(typeof route === "string" && { route }), error, fields };
  } catch {
    return undefined; // a line that a platform cut short is shown as it came
  }
}

function isLevel(value: unknown): value is LogLine["level"] {
  return typeof value === "string" && Object.hasOwn(PAINT, value);
}

function stackOf(error: unknown): string {
  if (!error || typeof error !== "object") return JSON.stringify(error);
  const { stack, name, message, cause } = error as Record<string, unknown>; // each is checked before it is used
  const own = typeof stack === "string" ? stack : `${String(name ?? "Error")}: ${String(message ?? "")}`;
  return cause === undefined ? own : `${own}\ncaused by ${stackOf(cause)}`;
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => (/^\s+at /.test(line) ? colors.dim(`    ${line.trim()}`) : `  ${line}`))
    .join("\n");
}
