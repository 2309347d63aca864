/**
 * 3. group: which routes share a function, on which variant, and why.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { Capabilities, FunctionPlan, RoutePlan, Target, VariantChoice } from "./contracts.ts";
import { groupByFront } from "./group-by-front.ts";
import { groupSelf } from "./group-self.ts";
import type { Grouping } from "./group-units.ts";
import { chooseVariant } from "./group-variants.ts";
import type { AnalysedApp, BuildConfig, Notice } from "./steps.ts";

export interface GroupOptions {
  target: Target;
  targetConfig: unknown;
  config: BuildConfig;
  /**
   * For a platform whose front is the app itself: the route files that get functions of their own, or `true` for as
   * many functions as the platform's limit of bytes asks for. Default: none but those whose config says so.
   */
  split?: boolean | readonly string[];
  /** With `split: true`, the share of that limit which a function may fill by its estimate. Default 0.8. */
  fill?: number;
}

export interface Grouped {
  plans: FunctionPlan[];
  notices: Notice[];
}

/**
 * Groups the routes of an app. Equal apps give equal plans. Throws CAPABILITY_MISSING, VARIANT_CONFLICT,
 * REGION_CONFLICT, GROUP_CONFLICT, SPLIT_IMPOSSIBLE, SPLIT_AND_GROUP, SPLIT_UNAVAILABLE,
 * SPLIT_BUDGET, FUNCTION_BUDGET and FRONT_BUDGET.
 *
 * @example groupRoutes(app, { target, targetConfig, config: {} }).plans.map(({ id, reason }) => `${id}: ${reason}`)
 */
export function groupRoutes(app: AnalysedApp, options: GroupOptions): Grouped {
  const { target, targetConfig } = options;
  const chosen = new Map<RoutePlan, VariantChoice>();
  for (const route of app.routes) chosen.set(route, chooseVariant(route, target, targetConfig));
  const rest = toRest(app);
  chosen.set(rest, chooseVariant(rest, target, targetConfig));
  const order = new Map([...app.routes, rest].map((route, at) => [route, at]));
  const grouping: Grouping = { target, targetConfig, chosen, order };
  const capabilities = capabilitiesOf(grouping, rest);
  const notices = hintsNotApplied(app, grouping);
  const grouped =
    capabilities.front === "self"
      ? groupSelf({ app, options, grouping, capabilities, rest })
      : groupByFront({ app, options, grouping, front: capabilities.front, rest });
  return { plans: grouped.plans, notices: [...notices, ...grouped.notices] };
}

/** What the function for paths that nothing matches carries, as if it were a route. */
function toRest(app: AnalysedApp): RoutePlan {
  const pattern = "a path that nothing matches";
  const file = app.rootMiddleware[0] ?? app.notFound ?? app.error ?? app.env ?? "";
  return { file, pattern, segments: [], methods: ["*"], config: {}, middleware: app.rootMiddleware, ...app.base };
}

function capabilitiesOf({ target, chosen }: Grouping, rest: RoutePlan): Capabilities {
  const capabilities = target.variants[chosen.get(rest)?.variant ?? ""];
  if (capabilities) return capabilities;
  throw new GodwitError("VARIANT_UNKNOWN", `${target.name} chose a variant that it does not have.`);
}

/** Elsewhere than the capabilities say, the platform or the machine decides. */
function hintsNotApplied({ routes }: AnalysedApp, { target, chosen }: Grouping): Notice[] {
  const files = routes.flatMap((route) => {
    const capabilities = target.variants[chosen.get(route)?.variant ?? ""];
    const applied = capabilities?.memory ?? (capabilities?.runtime === "node" && capabilities.front !== "self");
    return route.config.memory === undefined || applied ? [] : [route.file];
  });
  if (files.length === 0) return [];
  const message = `config.memory is not applied on ${target.name}, where a function cannot choose its memory: ${files.join(", ")}.`;
  return [{ code: "HINT_NOT_APPLIED", message }];
}
