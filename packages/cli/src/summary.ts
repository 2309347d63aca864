/**
 * A build in short, as `build`, `preview` and `routes` print it.
 * @module
 */
import type { BuildResult } from "@godwit/bundler";
import type { Startup } from "@godwit/bundler/contracts";
import type { Manifest, ManifestFunction } from "@godwit/core/manifest";
import colors from "./colors.ts";
import { print, size, table } from "./output.ts";

const RANK = { dispatcher: 0, handler: 1, fallback: 2 };

function inOrder(a: ManifestFunction, b: ManifestFunction): number {
  return RANK[a.role] - RANK[b.role] || (routeNames(a) < routeNames(b) ? -1 : 1);
}

/** One row a function: its routes, bytes and reason; the first `most`. */
export function printFunctions(
  manifest: Manifest,
  { startup, most = Number.POSITIVE_INFINITY }: { startup?: Record<string, Startup>; most?: number } = {},
): void {
  const head = ["function", "variant", "routes", "size", "gzip", ...(startup ? ["start-up", "first use"] : []), "why"];
  const shown = [...manifest.functions].sort(inOrder).slice(0, most);
  const reasons = [...new Set(shown.map((fn) => fn.reason))];
  // one reason of many functions is said once, below them
  const isApart = reasons.length < shown.length;
  const rows = shown.map((fn) => [
    fn.id,
    fn.variant,
    routeNames(fn),
    size(fn.bytes),
    size(fn.gzipBytes),
    ...(startup ? [cpu(startup[fn.id]?.startupCpu), cpu(startup[fn.id]?.firstUseCpu)] : []),
    isApart ? `[${reasons.indexOf(fn.reason) + 1}]` : fn.reason,
  ]);
  print(table(head, rows, startup ? [3, 4, 5, 6] : [3, 4]));
  if (isApart) for (const [index, reason] of reasons.entries()) print(colors.dim(`[${index + 1}] ${reason}`));
  const left = manifest.functions.length - shown.length;
  if (left > 0) print(colors.dim(`and ${left} more: godwit routes prints all`));
}

/** Two runs of the same code differ by about a millisecond: less than that is no figure. */
function cpu(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return "?";
  return milliseconds < 1 ? "< 1 ms" : `${milliseconds.toFixed(1)} ms`;
}

/** Rows that `build` and `preview` print of a table: what comes after it must not scroll it away. */
export const SCREENFUL = 30;

/** A cell that leaves room for the reason beside it. */
const MOST = 40;

function routeNames(fn: ManifestFunction): string {
  const names = fn.routes.map((route) => route.pattern);
  if (names.length === 0) return fn.role;
  const shown = [...names].sort();
  while (shown.length > 1 && shown.join(" ").length > MOST) shown.pop();
  const left = names.length - shown.length;
  return left > 0 ? `${shown.join(" ")} +${left}` : shown.join(" ");
}

/** One row a route; the first `most`. */
export function printRoutes(manifest: Manifest, most: number = Number.POSITIVE_INFINITY): void {
  const rows = manifest.functions.flatMap((fn) =>
    fn.routes.map((route) => [route.methods.join(","), route.pattern, route.file, fn.id]),
  );
  rows.sort(([, a = ""], [, b = ""]) => (a < b ? -1 : 1));
  print(table(["methods", "route", "file", "function"], rows.slice(0, most)));
  if (rows.length > most) print(colors.dim(`and ${rows.length - most} more: godwit routes prints all`));
}

export function printNotices({ notices }: Pick<BuildResult, "notices">): void {
  for (const { code, message } of notices) print(`${colors.yellow("note")} ${colors.bold(code)} ${message}`);
}
