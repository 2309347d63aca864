/**
 * One line per request.
 * @module
 */
import { compareSegments, expandOptionals, parsePattern, type Segment } from "@godwit/core/pattern";
import { createRouter, type RouteSegment } from "@godwit/core/router";
import colors from "../colors.ts";

export interface Access {
  method: string;
  path: string;
  status: number;
  ms: number;
  /** The pattern of its route; absent where nothing matches. */
  function?: string;
}

/** Whose function a path is; matchers are taken as true. */
export function createNaming(patterns: readonly string[]): (path: string) => string | undefined {
  const rows = patterns
    .flatMap((pattern) => expandOptionals(parsePattern(pattern)).map((segments) => ({ segments, pattern })))
    .sort((a, b) => compareSegments(a.segments, b.segments))
    .map(({ segments, pattern }) => [segments.map(toRouteSegment), { pattern, module: {}, middleware: [] }] as const);
  const match = createRouter(rows);
  return (path) => {
    try {
      return match(new URL(path, "http://localhost").pathname)?.route.pattern;
    } catch {
      return undefined; // a path that is no path
    }
  };
}

function toRouteSegment({ kind, value }: Segment): RouteSegment {
  if (kind === "static") return value;
  if (kind === "rest") return { name: value, rest: "one-or-more" };
  return kind === "optional-rest" ? { name: value, rest: "any" } : { name: value };
}

/** A line as a terminal shows it. */
export function formatAccess({ method, path, status, ms, function: id }: Access): string {
  const paint = status >= 500 ? colors.red : status >= 400 ? colors.yellow : status >= 300 ? colors.cyan : colors.green;
  const name = id === undefined ? "" : ` ${colors.dim(id)}`;
  return `${paint(String(status))} ${method} ${printable(path)} ${colors.dim(duration(ms))}${name}`;
}

/** A path is the client's: what would steer a terminal is shown escaped. */
function printable(path: string): string {
  return path.replace(/[^\x20-\x7e]/g, (letter) => encodeURIComponent(letter));
}

function duration(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
