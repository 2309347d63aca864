/**
 * What a function is made of before it has a name: routes that are together, and why.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { FunctionPlan, RoutePlan, Target, VariantChoice } from "./contracts.ts";
import { parseDuration } from "./duration.ts";
import { describe, findGap, unite } from "./group-variants.ts";

export interface Unit {
  /** In the order of the app's routes. */
  routes: RoutePlan[];
  choice: VariantChoice;
  /** Why these are together. */
  reason: string;
  /** `group` of the config. */
  group?: string;
  /** Asked for as it is: nothing may be merged into it. */
  fixed: boolean;
}

export interface Grouping {
  target: Target;
  targetConfig: unknown;
  chosen: ReadonlyMap<RoutePlan, VariantChoice>;
  /** The place of each route in the app. */
  order: ReadonlyMap<RoutePlan, number>;
}

/** One unit of several routes. Throws VARIANT_CONFLICT and REGION_CONFLICT. */
export function toUnit(routes: readonly RoutePlan[], reason: string, grouping: Grouping, fixed = false): Unit {
  const { target, targetConfig, chosen, order } = grouping;
  const sorted = [...routes].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  const choice = unite(sorted, chosen, target, targetConfig);
  if (!choice) throw variantConflict(sorted, reason, grouping);
  const regions = new Map(
    sorted.flatMap((route) => (route.config.regions ? [[keyOf(route.config.regions), route]] : [])),
  );
  const [one, two] = [...regions.values()];
  if (one && two) {
    throw new GodwitError(
      "REGION_CONFLICT",
      `${one.file} and ${two.file} must share a function (${reason}), and ask for different regions: ${one.config.regions?.join(", ")} and ${two.config.regions?.join(", ")}. Give them the same.`,
    );
  }
  const group = sorted.find((route) => route.config.group !== undefined)?.config.group;
  return { routes: sorted, choice, reason, fixed, ...(group !== undefined && { group }) };
}

function variantConflict(routes: readonly RoutePlan[], reason: string, grouping: Grouping): GodwitError {
  const { target, targetConfig, chosen } = grouping;
  const byVariant = new Map(routes.map((route) => [chosen.get(route)?.variant ?? "", route]));
  const whys = [...byVariant].map(([variant, route]) => {
    const others = [...byVariant.keys()].filter((other) => other !== variant);
    const gap = others.map((other) => findGap(route, target, targetConfig, other)).find(Boolean);
    return `${route.file} is on ${variant}${gap ? ` since ${gap}` : ` (${chosen.get(route)?.reason})`}`;
  });
  const names = routes.map(describe).join(", ");
  return new GodwitError(
    "VARIANT_CONFLICT",
    `${names} must share a function (${reason}), and no variant of ${target.name} runs them all: ${whys.join("; ")}. Rename one, or give them one runtime.`,
  );
}

/** A route without `timeout` beside one that has it keeps at least this, the shortest default among platforms. */
const UNASKED = 30_000;

/** What a function with these routes is set to: the most memory that one asks for, the longest time. */
export function settingsOf(routes: readonly RoutePlan[]): FunctionPlan["settings"] {
  const memory = Math.max(0, ...routes.map(({ config }) => config.memory ?? 0));
  const timeouts = routes.map(({ config }) => parseDuration(config.timeout ?? ""));
  const asked = timeouts.some((timeout) => timeout !== undefined);
  const timeout = Math.max(...timeouts.map((time) => time ?? UNASKED));
  const regions = routes.find(({ config }) => config.regions)?.config.regions;
  return { ...(memory && { memory }), ...(asked && { timeout }), ...(regions && { regions: [...regions].sort() }) };
}

/** Units with one key have one variant and equal settings, so that merging them changes nothing but their code. */
export function settingsKey({ routes, choice }: Unit): string {
  return JSON.stringify([choice.variant, settingsOf(routes)]);
}

function keyOf(regions: readonly string[]): string {
  return [...regions].sort().join(",");
}

/** The first few of many, for a message. */
export function printSome(texts: readonly string[], most = 5): string {
  const more = texts.length > most ? `; and ${texts.length - most} more` : "";
  return `${texts.slice(0, most).join("; ")}${more}`;
}
