/**
 * Which of a platform's runtimes takes each route in development, where it has several.
 * @module
 */
import type { Manifest } from "@godwit/core/manifest";
import { expandOptionals, parsePattern } from "@godwit/core/pattern";
import type { FunctionPlan, Target } from "./contracts.ts";
import { overlap } from "./group-fronts.ts";
import type { AnalysedApp, BuildConfig } from "./steps.ts";

export interface DevVariants {
  /** Takes what no front route names. */
  fallback: string;
  /** Pattern -> variant. */
  routes: Readonly<Record<string, string>>;
}

export interface VariantOptions {
  /** The app's folder, absolute. */
  root: string;
  target: Target;
  /** What the target's schema made of its slice of the config. */
  targetConfig: unknown;
  config?: BuildConfig;
}

/** Whether routes of one app may run in different runtimes. */
export function hasRuntimes({ variants }: Target): boolean {
  return new Set(Object.values(variants).map(({ runtime }) => runtime)).size > 1;
}

/** As the build would place the routes; undefined where it could not say. */
export async function planRuntimes(
  options: VariantOptions,
): Promise<{ app: AnalysedApp; plans: FunctionPlan[] } | undefined> {
  const { planApp } = await import("./build.ts");
  // By themselves: `single` would put all on the variant that the most demanding route needs.
  const config = { ...options.config, grouping: undefined };
  return planApp({ ...options, config }).catch(() => undefined);
}

/** Of the app as its files lie now; undefined where the build could not say, and whoever asks for a route is told why. */
export async function readVariants(options: VariantOptions): Promise<DevVariants | undefined> {
  const planned = await planRuntimes(options);
  return planned && toVariants(planned.plans);
}

/** Of an artefact. */
export function variantsOf({ functions }: Manifest): DevVariants {
  return toVariants(functions);
}

/** Patterns for which what runs is not what is there: fronts and functions have to be made anew. */
export function movedRoutes(before: DevVariants, after: DevVariants): string[] {
  const all = new Set([...Object.keys(before.routes), ...Object.keys(after.routes)]);
  if (before.fallback !== after.fallback) return [...all];
  const variantsAt = (pattern: string) => [before.routes[pattern], after.routes[pattern]];
  return [...all].filter((pattern) => {
    const [was, is] = variantsAt(pattern);
    if (was === is) return false;
    // One that comes or goes where the fallback is takes no front route, unless another runtime's would catch its paths.
    if ((was ?? is) !== after.fallback || (was !== undefined && is !== undefined)) return true;
    return [...all].some(
      (other) => variantsAt(other).some((variant) => variant && variant !== after.fallback) && meet(pattern, other),
    );
  });
}

function toVariants(
  functions: readonly Pick<FunctionPlan, "role" | "variant" | "routes">[] | Manifest["functions"],
): DevVariants {
  const rows = functions.flatMap(({ variant, routes }) => routes.map(({ pattern }) => [pattern, variant] as const));
  const fallback = functions.find(({ role }) => role === "fallback") ?? functions[0];
  return { fallback: fallback?.variant ?? "", routes: Object.fromEntries(rows) };
}

/** Whether some path fits both. */
function meet(a: string, b: string): boolean {
  const [left, right] = [a, b].map((pattern) => expandOptionals(parsePattern(pattern)));
  return left?.some((one) => right?.some((two) => overlap(one, two))) ?? false;
}
