/**
 * Platforms whose front is the app itself: one function, and others behind it for routes that ask for their own.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { Capabilities, FunctionPlan, Limits, RoutePlan } from "./contracts.ts";
import type { Grouped, GroupOptions } from "./group.ts";
import { nameFunctions, nameOf } from "./group-ids.ts";
import { pack } from "./group-merge.ts";
import { type Grouping, printSome, settingsOf, toUnit, type Unit } from "./group-units.ts";
import { limitsOf } from "./group-variants.ts";
import type { AnalysedApp, Notice } from "./steps.ts";

export interface SelfQuestion {
  app: AnalysedApp;
  options: GroupOptions;
  grouping: Grouping;
  capabilities: Capabilities;
  rest: RoutePlan;
}

export function groupSelf(question: SelfQuestion): Grouped {
  const { app, options, grouping, capabilities, rest } = question;
  const { target, targetConfig, chosen } = grouping;
  const variant = chosen.get(rest)?.variant ?? "";
  const limits = limitsOf(target, targetConfig, variant);
  // One process has nothing behind it.
  const most = limits.functions ?? (capabilities.runtime === "node" ? 1 : Infinity);
  const behind = most > 1 ? separate(question, limits) : refuseSplit(app, target.name);
  if (behind.length + 1 > most) {
    throw new GodwitError(
      "SPLIT_BUDGET",
      `${target.name} takes ${most} functions, and the routes' config asks for ${behind.length + 1}: ${printSome(behind.map(({ reason }) => reason))}. Take \`split\` or \`group\` out of some, or put them into fewer groups.`,
    );
  }
  const settings = target.esbuild(variant, targetConfig);
  const away = new Set(behind.flatMap(({ routes }) => routes));
  const own = app.routes.filter((route) => !away.has(route));
  const isLazy = (routes: readonly RoutePlan[]) => routes.length > 1 && settings.dynamicImport !== false;
  const toPlan = (routes: RoutePlan[]): Omit<FunctionPlan, "id" | "role" | "reason" | "variant"> => ({
    routes,
    settings: settingsOf(routes),
    usesWaitUntil: app.base.usesWaitUntil || routes.some((route) => route.usesWaitUntil),
    lazy: isLazy(routes),
  });
  const ids = nameFunctions(
    behind.map((unit) => (unit.group === undefined ? nameOf(unit.routes) : { wish: unit.group, identity: unit.group })),
    ["app"],
  );
  const others = behind.map(
    (unit, at): FunctionPlan => ({
      id: ids[at] ?? "",
      role: "handler",
      variant: unit.choice.variant,
      ...toPlan(unit.routes),
      reason: unit.reason,
    }),
  );
  const first: FunctionPlan = {
    id: "app",
    role: others.length > 0 ? "dispatcher" : "handler",
    variant,
    ...toPlan(own),
    servesAssets: app.assets.length > 0 && capabilities.assets === "function",
    reason:
      others.length > 0
        ? `it stands before ${others.length === 1 ? "another function" : `${others.length} functions`}, and serves what is not behind it`
        : "the app is its own front: one function, whose routes load when they are first used",
    ...(others.length > 0 && {
      behind: others.map(({ id, routes }) => ({ id, patterns: routes.map(({ pattern }) => pattern) })),
    }),
  };
  if (others.length > 0) first.usesWaitUntil ||= others.some((plan) => plan.usesWaitUntil);
  return { plans: [first, ...others], notices: noticesOf(options) };
}

/** The units behind the dispatcher. */
function separate({ app, options, grouping, rest }: SelfQuestion, limits: Limits): Unit[] {
  const { split = false, fill = 0.8 } = options;
  const named = new Set(typeof split === "boolean" ? [] : split);
  const units: Unit[] = [];
  const groups = new Map<string, RoutePlan[]>();
  const left: RoutePlan[] = [];
  for (const route of app.routes) {
    const { group, split: alone } = route.config;
    if (alone && group !== undefined) {
      throw new GodwitError(
        "SPLIT_AND_GROUP",
        `${route.file} asks for a function of its own (split) and to share one (group "${group}"). Take one out of its config.`,
      );
    }
    if (group !== undefined) groups.set(group, [...(groups.get(group) ?? []), route]);
    else if (alone) units.push(toUnit([route], `${route.file} asks for a function of its own`, grouping, true));
    else if (named.has(route.file)) units.push(toUnit([route], "the app would be too large in one", grouping, true));
    else left.push(route);
  }
  for (const [group, routes] of groups) units.push(toUnit(routes, `group "${group}"`, grouping, true));
  const home = grouping.chosen.get(rest)?.variant;
  const foreign = left.filter((route) => split === true || grouping.chosen.get(route)?.variant !== home);
  const packed = pack(
    foreign.map((route) => toUnit([route], splitReason(split), grouping)),
    {
      most: 1,
      bytes: split === true ? fill * bytesOf(limits) : undefined,
      code: app.code,
      join: (a, b) =>
        a.choice.variant === b.choice.variant ? toUnit([...a.routes, ...b.routes], a.reason, grouping) : undefined,
    },
  );
  const place = (unit: Unit): number => Math.min(...unit.routes.map((route) => grouping.order.get(route) ?? 0));
  return [...units, ...packed].sort((a, b) => place(a) - place(b));
}

function splitReason(split: GroupOptions["split"]): string {
  return split === true ? "the app would be too large in one" : "it runs on another variant than the rest";
}

/** Code that is neither minified nor compressed is well over twice as large as its gzip. */
function bytesOf({ functionBytes = Infinity, functionGzipBytes = Infinity }: Limits): number {
  return Math.min(functionBytes, 2 * functionGzipBytes);
}

function refuseSplit({ routes }: AnalysedApp, platform: string): [] {
  const route = routes.find(({ config }) => config.split);
  if (!route) return [];
  throw new GodwitError(
    "SPLIT_UNAVAILABLE",
    `${route.file} asks for a function of its own, and ${platform} is one process. Take \`split\` out of its config, or build it for another target.`,
  );
}

function noticesOf({ config, target }: GroupOptions): Notice[] {
  if (config.grouping !== "route") return [];
  const message = `grouping "route" is not applied on ${target.name}, where the app is its own front. Use \`split\` in a route's config for a function of its own.`;
  return [{ code: "GROUPING_NOT_APPLIED", message }];
}
