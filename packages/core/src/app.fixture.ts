/**
 * What the tests of this room share: an app of one route, and the console's lines as data.
 * @module
 */
import { type AppOptions, createApp } from "./app.ts";
import { onePattern } from "./router.ts";
import type { App, ExecutionContext, Handler, Middleware, RouteModule } from "./types.ts";

export const ORIGIN = "http://app.test";

/** Serves every path with one module behind middleware. */
export function appOf(
  module: RouteModule | Handler,
  middleware: readonly Middleware[] = [],
  options: AppOptions = {},
): App {
  const route = {
    pattern: "/[[...path]]",
    module: typeof module === "function" ? { default: module } : module,
    middleware,
  };
  return createApp(onePattern([{ name: "path", rest: "any" }], route), options);
}

export function get(app: App, path: string, headers?: HeadersInit, execution?: ExecutionContext): Promise<Response> {
  return app.fetch(new Request(ORIGIN + path, { headers }), execution);
}

export function execution(given: Partial<ExecutionContext> = {}): ExecutionContext {
  return { env: {}, waitUntil() {}, platform: { name: "test", raw: undefined }, ...given };
}

export interface Line {
  level: string;
  message: string;
  [field: string]: unknown;
}

/** Runs `work` and gives what was written to the console meanwhile. */
export async function linesOf(work: () => Promise<unknown>): Promise<Line[]> {
  const lines: Line[] = [];
  const levels = ["debug", "info", "warn", "error"] as const;
  const own = levels.map((level) => console[level]);
  for (const level of levels) console[level] = (text: string) => lines.push(JSON.parse(text));
  try {
    await work();
  } finally {
    for (const [index, level] of levels.entries()) console[level] = own[index] ?? console.log;
  }
  return lines;
}

/** The error of a line, as data. */
export function errorOf(line: Line | undefined): { code?: string; message: string; stack?: string; cause?: Error } {
  return line?.error as { message: string }; // the logger writes errors so
}
