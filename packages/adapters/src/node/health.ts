/**
 * Which health endpoints a built server has. A user's route is never shadowed unawares.
 * @module
 */
import type { RoutePlan } from "@godwit/bundler/contracts";
import { expandOptionals } from "@godwit/core/pattern";

export interface Health {
  live?: string;
  ready?: string;
}

/**
 * What the config names stands, and wins over routes. Without a word, `/healthz` (live) and `/readyz` (ready) are
 * there where no route matches them: an app with `[slug]` or `[...path]` at its root has to name its own.
 */
export function chooseHealth(routes: readonly RoutePlan[], given: false | Health | undefined): Health | undefined {
  if (given === false) return undefined;
  if (given) return given;
  const health: Health = {};
  if (!routes.some((route) => matches(route, "healthz"))) health.live = "/healthz";
  if (!routes.some((route) => matches(route, "readyz"))) health.ready = "/readyz";
  return health.live || health.ready ? health : undefined;
}

/** Whether a route may match a path of one segment. A matcher is taken to say yes. */
function matches(route: RoutePlan, segment: string): boolean {
  return expandOptionals(route.segments).some(
    ([first, second]) =>
      first !== undefined &&
      (first.kind !== "static" || first.value === segment) &&
      (second === undefined || second.kind === "optional-rest"),
  );
}
