/**
 * On which variant of a platform routes run, and what keeps them off the others.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { Limits, RoutePlan, Target, VariantChoice } from "./contracts.ts";
import { parseDuration } from "./duration.ts";

/** The target's limits for a variant, as its config changes them. */
export function limitsOf(target: Target, targetConfig: unknown, variant: string): Limits {
  const limits: Limits = { ...target.variants[variant]?.limits };
  // A limit that the config leaves open overrides the variant's own.
  return Object.assign(limits, target.limits?.(targetConfig, variant));
}

/** How messages name a variant: `cloudflare`, or `vercel's edge` where there are several runtimes. */
function nameOf({ name, variants }: Target, variant: string): string {
  const runtimes = new Set(Object.values(variants).map(({ runtime }) => runtime));
  return runtimes.size > 1 ? `${name}'s ${variant}` : name;
}

/** `GET /report`; a default export takes every method. */
export function describe({ methods, pattern }: RoutePlan): string {
  const names = methods.filter((method) => method !== "*");
  return names.length > 0 && !methods.includes("*") ? `${names.join("|")} ${pattern}` : pattern;
}

/** Why a route cannot run on a variant; undefined when it can. */
export function findGap(route: RoutePlan, target: Target, targetConfig: unknown, variant: string): string | undefined {
  const capabilities = target.variants[variant];
  const platform = nameOf(target, variant);
  if (!capabilities) return `${target.name} has no variant ${variant}`;
  const { nodeBuiltins, nativeModules, schedule } = capabilities;
  const subject = describe(route);
  for (const { kind, name, chain } of route.needs) {
    if (kind === "native" && !nativeModules) {
      return `${subject} uses the native ${name}, which ${platform} cannot load: ${chain.join(" > ")}`;
    }
    if (kind === "node-builtin" && nodeBuiltins !== "all" && !nodeBuiltins.includes(name)) {
      return `${subject} uses node:${name}, which ${platform} lacks: ${chain.join(" > ")}`;
    }
  }
  if (route.config.schedule !== undefined && !schedule) {
    return `${subject} has a schedule, which ${platform} cannot run: ${route.file}`;
  }
  if (route.config.includeFiles?.length && !nativeModules) {
    return `${subject} includes files, which ${platform} has no place for: ${route.file}`;
  }
  const { duration } = limitsOf(target, targetConfig, variant);
  const timeout = parseDuration(route.config.timeout ?? "");
  if (timeout !== undefined && duration !== undefined && timeout > duration) {
    return `${subject} may take ${route.config.timeout}, and ${platform} ends a request after ${duration / 1000}s: ${route.file}`;
  }
  return undefined;
}

/** Asks the target, and holds it to what the route needs. Throws CAPABILITY_MISSING. */
export function chooseVariant(route: RoutePlan, target: Target, targetConfig: unknown): VariantChoice {
  const lacks = (variant: string) => findGap(route, target, targetConfig, variant);
  const choice = target.choose({ route, lacks }, targetConfig);
  const gap = lacks(choice.variant);
  if (gap === undefined) return choice;
  throw new GodwitError(
    "CAPABILITY_MISSING",
    `${gap}. Take it out of what the route imports or asks for, or build for another target.`,
  );
}

/**
 * The one variant on which all of these routes can run, given what each would have alone; undefined when there is none.
 * A route whose config asks for a runtime stays where it is.
 */
export function unite(
  routes: readonly RoutePlan[],
  chosen: ReadonlyMap<RoutePlan, VariantChoice>,
  target: Target,
  targetConfig: unknown,
): VariantChoice | undefined {
  const choices = routes.flatMap((route) => chosen.get(route) ?? []);
  const [first] = choices;
  if (!first || choices.every(({ variant }) => variant === first.variant)) return first;
  const fits = (route: RoutePlan, variant: string): boolean =>
    chosen.get(route)?.variant === variant ||
    (route.config.runtime === undefined && findGap(route, target, targetConfig, variant) === undefined);
  for (const variant of Object.keys(target.variants)) {
    const choice = choices.find((one) => one.variant === variant);
    if (choice && routes.every((route) => fits(route, variant))) return choice;
  }
  return undefined;
}
