/**
 * Two files that claim one pattern.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import { claimOf, expandOptionals, printPattern } from "@godwit/core/pattern";
import type { AssetFile } from "./contracts.ts";
import type { ScannedRoute } from "./steps.ts";

/** Throws ROUTE_CONFLICT and ASSET_CONFLICT. */
export function checkConflicts(routes: readonly ScannedRoute[], assets: readonly AssetFile[]): void {
  const claims = new Map<string, ScannedRoute>();
  const files = new Set(assets.map(({ path }) => path));
  for (const route of routes) {
    for (const segments of expandOptionals(route.segments)) {
      const claim = claimOf(segments);
      const other = claims.get(claim);
      const pattern = printPattern(segments);
      if (other && other !== route) throw conflict(other, route, pattern);
      claims.set(claim, route);
      if (files.has(pattern) && segments.every(({ kind }) => kind === "static")) {
        throw new GodwitError(
          "ASSET_CONFLICT",
          `public${pattern} and ${route.file} both claim ${pattern}. A static file wins over a route on every platform, so the route could not be reached. Rename or remove one.`,
        );
      }
    }
  }
}

function conflict(one: ScannedRoute, two: ScannedRoute, pattern: string): GodwitError {
  const [first, second] = one.file < two.file ? [one, two] : [two, one];
  const why =
    first.pattern === second.pattern ? "" : ` (${first.file} is ${first.pattern}, ${second.file} is ${second.pattern})`;
  return new GodwitError(
    "ROUTE_CONFLICT",
    `${first.file} and ${second.file} both claim ${pattern}${why}. Rename or remove one.`,
  );
}
