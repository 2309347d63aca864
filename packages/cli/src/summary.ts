/**
 * A build in short, as `build`, `preview` and `routes` print it.
 * @module
 */
import type { BuildResult } from "@godwit/bundler";
import type { Startup } from "@godwit/bundler/contracts";
import type { Manifest, ManifestFunction } from "@godwit/core/manifest";
import colors from "picocolors";
import { print, size, table } from "./output.ts";

/** One row a function: its routes, bytes and reason. */
export function printFunctions(manifest: Manifest, startup?: Record<string, Startup>): void {
  const head = ["function", "variant", "routes", "size", "gzip", ...(startup ? ["start-up", "first use"] : []), "why"];
  const rows = manifest.functions.map((fn) => [
    fn.id,
    fn.variant,
    routeNames(fn),
    size(fn.bytes),
    size(fn.gzipBytes),
    ...(startup ? [cpu(startup[fn.id]?.startupCpu), cpu(startup[fn.id]?.firstUseCpu)] : []),
    fn.reason,
  ]);
  print(table(head, rows, startup ? [3, 4, 5, 6] : [3, 4]));
}

function cpu(milliseconds: number | undefined): string {
  return milliseconds === undefined ? "?" : `${milliseconds.toFixed(1)} ms`;
}

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

/** One row a route. */
export function printRoutes(manifest: Manifest): void {
  const rows = manifest.functions.flatMap((fn) =>
    fn.routes.map((route) => [route.methods.join(","), route.pattern, route.file, fn.id]),
  );
  rows.sort(([, a = ""], [, b = ""]) => (a < b ? -1 : 1));
  print(table(["methods", "route", "file", "function"], rows));
}

export function printNotices({ notices }: Pick<BuildResult, "notices">): void {
  for (const { code, message } of notices) print(`${colors.yellow("note")} ${colors.bold(code)} ${message}`);
}
