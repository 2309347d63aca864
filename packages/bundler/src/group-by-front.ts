/**
 * Platforms with a front that sends paths to functions: one a route while the platform's budget lasts.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import { expandOptionals } from "@godwit/core/pattern";
import type { Capabilities, FunctionPlan, RoutePlan, Target } from "./contracts.ts";
import type { Grouped, GroupOptions } from "./group.ts";
import { absorb } from "./group-absorb.ts";
import { type Tied, tieRoutes } from "./group-fronts.ts";
import { nameFunctions, nameOf } from "./group-ids.ts";
import { pack } from "./group-merge.ts";
import { type Grouping, printSome, settingsOf, toUnit, type Unit } from "./group-units.ts";
import { limitsOf, unite } from "./group-variants.ts";
import type { AnalysedApp, Notice } from "./steps.ts";

export interface FrontQuestion {
  app: AnalysedApp;
  options: GroupOptions;
  grouping: Grouping;
  front: Capabilities["front"];
  /** Stands for paths that nothing matches. */
  rest: RoutePlan;
}

export function groupByFront(question: FrontQuestion): Grouped {
  const { app, options, grouping, rest } = question;
  const { target } = grouping;
  const strategy = options.config.grouping ?? "auto";
  const budget = budgetOf(grouping);
  const units = toUnits(tieRoutes(app.routes, question.front), grouping);
  const join = (reason: string) => (a: Unit, b: Unit) => joinUnits(a, b, reason, grouping);
  const notices: Notice[] = [];

  let packed = units;
  if (strategy === "single") {
    packed = pack(units, { most: 1, code: app.code, join: join('grouping "single"') });
    if (packed.length > 1) notices.push(notSingle(packed, target));
  } else if (strategy === "auto" && units.length + 1 > budget.functions) {
    const reason = `merged with what shares most of its code, since ${target.name} takes ${budget.functions} functions`;
    packed = pack(units, { most: budget.functions - 1, code: app.code, join: join(reason) });
  }
  // The function for what nothing matches may serve routes as well, where there is no room for one more.
  let home: Unit[] = [];
  const free = packed.filter(({ fixed }) => !fixed);
  const [last] = free;
  if (last && free.length === 1 && (strategy === "single" || packed.length + 1 > budget.functions)) home = [last];
  if (strategy !== "route") home = absorb(packed, home, budget.frontRoutes);
  const handlers = packed.filter((unit) => !home.includes(unit));
  refuseOver(handlers, home, budget, question);
  const fallback = toUnit(
    [...home.flatMap(({ routes }) => routes), rest],
    "routes without a front of their own",
    grouping,
  );
  return { plans: toPlans(handlers, fallback, question), notices };
}

interface Budget {
  functions: number;
  frontRoutes: number;
}

function budgetOf({ target, targetConfig, chosen }: Grouping): Budget {
  const variants = new Set([...chosen.values()].map(({ variant }) => variant));
  const limits = [...variants].map((variant) => limitsOf(target, targetConfig, variant));
  return {
    functions: Math.min(...limits.map(({ functions = Infinity }) => functions)),
    frontRoutes: Math.min(...limits.map(({ frontRoutes = Infinity }) => frontRoutes)),
  };
}

/** What the front and the config put together. */
function toUnits(ties: readonly Tied[], grouping: Grouping): Unit[] {
  const groups = new Map<string, RoutePlan[]>();
  const units: Unit[] = [];
  for (const { routes, reason } of ties) {
    const [group, other] = [...new Set(routes.flatMap(({ config }) => config.group ?? []))];
    if (other !== undefined) {
      throw new GodwitError(
        "GROUP_CONFLICT",
        `${list(routes)} must share a function (${reason}), and are in the groups "${group}" and "${other}". Put them in one.`,
      );
    }
    const split = routes.find(({ config }) => config.split);
    if (split && (routes.length > 1 || group !== undefined)) {
      const others = routes.filter((route) => route !== split);
      const why = others.length > 0 ? `must share one with ${list(others)} (${reason})` : `is in the group "${group}"`;
      throw new GodwitError(
        "SPLIT_IMPOSSIBLE",
        `${split.file} asks for a function of its own, and ${why}. Take \`split\` out of its config${others.length > 0 ? ", or rename one of them" : ", or `group`"}.`,
      );
    }
    if (group !== undefined) groups.set(group, [...(groups.get(group) ?? []), ...routes]);
    else if (split) units.push(toUnit(routes, `${split.file} asks for a function of its own`, grouping, true));
    else units.push(toUnit(routes, reason ? `together, since ${reason}` : "a function of its own", grouping));
  }
  for (const [group, routes] of groups) units.push(toUnit(routes, `group "${group}"`, grouping, true));
  const place = (unit: Unit): number => grouping.order.get(unit.routes[0] as RoutePlan) ?? 0; // a unit has routes
  return units.sort((a, b) => place(a) - place(b));
}

function joinUnits(a: Unit, b: Unit, reason: string, grouping: Grouping): Unit | undefined {
  const routes = [...a.routes, ...b.routes];
  const regions = new Set(routes.flatMap(({ config }) => (config.regions ? [[...config.regions].sort().join()] : [])));
  const choice = unite(routes, grouping.chosen, grouping.target, grouping.targetConfig);
  return choice && regions.size < 2 ? toUnit(routes, reason, grouping) : undefined;
}

function notSingle(units: readonly Unit[], target: Target): Notice {
  const names = units.map((unit) => `${list(unit.routes.slice(0, 3))} on ${unit.choice.variant} (${unit.reason})`);
  const message = `grouping "single" gave ${units.length} functions, since what some routes ask for keeps them apart on ${target.name}: ${names.join("; ")}.`;
  return { code: "GROUPING_NOT_SINGLE", message };
}

function refuseOver(handlers: readonly Unit[], home: readonly Unit[], budget: Budget, question: FrontQuestion): void {
  const { name } = question.grouping.target;
  const strategy = question.options.config.grouping ?? "auto";
  const forced = handlers.filter(({ fixed }) => fixed);
  const advice =
    strategy === "route"
      ? 'Take grouping "auto", which merges routes'
      : `Take \`group\` or \`split\` out of some routes (${printSome(forced.map(({ reason }) => reason))}), or put them into fewer groups`;
  if (handlers.length + 1 > budget.functions) {
    throw new GodwitError(
      "FUNCTION_BUDGET",
      `${name} takes ${budget.functions} functions, and the app needs ${handlers.length + 1}, one of them for paths that nothing matches. ${advice}.`,
    );
  }
  const rows = countRows(handlers) + 1;
  if (rows > budget.frontRoutes) {
    throw new GodwitError(
      "FRONT_BUDGET",
      `${name} takes ${budget.frontRoutes} routes in its front, and the app needs ${rows}${home.length > 0 ? " with all that can be left to the last function" : ""}. ${advice}.`,
    );
  }
}

function countRows(units: readonly Unit[]): number {
  return units
    .flatMap(({ routes }) => routes.flatMap(({ segments }) => expandOptionals(segments)))
    .reduce((sum, row) => sum + (row.at(-1)?.kind === "optional-rest" ? 2 : 1), 0);
}

function toPlans(handlers: readonly Unit[], fallback: Unit, { app, grouping, rest }: FrontQuestion): FunctionPlan[] {
  const { target, targetConfig } = grouping;
  const several = Object.keys(target.variants).length > 1;
  const why = (unit: Unit, reason: string) =>
    several ? `${reason}; on ${unit.choice.variant}: ${unit.choice.reason}` : reason;
  const ids = nameFunctions(
    handlers.map((unit) =>
      unit.group === undefined ? nameOf(unit.routes) : { wish: unit.group, identity: unit.group },
    ),
    ["fallback"],
  );
  const toPlan = (unit: Unit, routes: RoutePlan[]): Omit<FunctionPlan, "id" | "role" | "reason"> => ({
    variant: unit.choice.variant,
    routes,
    settings: settingsOf(routes),
    usesWaitUntil: app.base.usesWaitUntil || routes.some((route) => route.usesWaitUntil),
    lazy: isLazy(routes, app) && target.esbuild(unit.choice.variant, targetConfig).dynamicImport !== false,
  });
  const plans = handlers.map(
    (unit, at): FunctionPlan => ({
      id: ids[at] ?? "",
      role: "handler",
      ...toPlan(unit, unit.routes),
      reason: why(unit, unit.reason),
    }),
  );
  const left = fallback.routes.filter((route) => route !== rest);
  const reason =
    left.length > 0
      ? "serves what no other function does, and paths that nothing matches"
      : "answers paths that nothing matches";
  const id = plans.length === 0 && left.length > 0 ? "app" : "fallback";
  const servesAssets = app.assets.length > 0 && target.variants[fallback.choice.variant]?.assets === "function";
  plans.push({ id, role: "fallback", ...toPlan(fallback, left), servesAssets, reason: why(fallback, reason) });
  return plans;
}

/** Bytes that are not minified. Less than this is parsed in the time that one more file costs (about 0.4 ms). */
const WORTH_A_FILE = 32_768;

/** Whether the routes of a function have enough code of their own that each is better loaded when it is used. */
function isLazy(routes: readonly RoutePlan[], { code }: AnalysedApp): boolean {
  if (routes.length < 2) return false;
  const weigh = (chunks: Iterable<number>) => [...chunks].reduce((sum, chunk) => sum + (code.chunks[chunk] ?? 0), 0);
  const all = weigh(new Set(routes.flatMap(({ file }) => code.routes[file] ?? [])));
  const each = routes.reduce((sum, { file }) => sum + weigh(code.routes[file] ?? []), 0) / routes.length;
  return all - each > WORTH_A_FILE;
}

function list(routes: readonly RoutePlan[]): string {
  return routes.map(({ file }) => file).join(" and ");
}
