/**
 * The generated modules: the dispatcher, and for each route the app of that route alone.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "oxc-parser";
import { checkContext } from "./analyse-context.ts";
import { checkSchedule, toMethods } from "./analyse-exports.ts";
import type { FunctionPlan, RoutePlan } from "./contracts.ts";
import type { Module, ModuleGraph } from "./dev-graph.ts";
import { type AppSourceOptions, appSource } from "./entry.ts";
import { readRouteConfig } from "./route-config.ts";
import type { AnalysedApp, ScannedApp, ScannedRoute } from "./steps.ts";
import { parseSource } from "./syntax.ts";

export const DISPATCHER = "godwit:dispatcher";
const ROUTE = "godwit:route";

/** A route's module, by its pattern. */
export function routeModule(pattern: string): string {
  return ROUTE + pattern;
}

/** The pattern of a route's module. */
export function patternOf(id: string): string | undefined {
  return id.startsWith(ROUTE) ? id.slice(ROUTE.length) : undefined;
}

/** Its default export is what nothing matches, `behind` says which route serves a path. */
export function dispatcherSource(app: ScannedApp, stores?: AppSourceOptions["stores"]): string {
  const routes = app.routes.map((route) => toPlan(route));
  const behind = routes.map(({ pattern }) => ({ id: pattern, patterns: [pattern] }));
  return appSource({ ...planOf([]), role: "dispatcher", behind }, toAnalysed(app, routes), { dev: true, stores });
}

/** What a route file says of itself. */
export type RouteFacts = Pick<RoutePlan, "methods" | "config">;

export function routeSource(
  app: ScannedApp,
  route: ScannedRoute,
  facts: RouteFacts,
  stores?: AppSourceOptions["stores"],
): string {
  const plan = toPlan(route, facts);
  return appSource(planOf([plan]), toAnalysed(app, [plan]), { dev: true, stores });
}

/** Files of the app whose default export a generated source imports under no other name. */
export function defaultsIn(source: string): string[] {
  const imports = source.matchAll(/^import (?:\{ default as \w+ \}|\w+) from "\.\/([^"]+)";$/gm);
  return [...imports].flatMap(([, file]) => file ?? []);
}

export interface Exports {
  names: string[];
  /** `export * from`. */
  stars: boolean;
}

/** Throws what `analyseApp` throws about a route file. `inherited` are the names of what it exports whole. */
export function readRoute(
  root: string,
  route: ScannedRoute,
  isCommonJs: boolean,
  inherited: () => string[],
): RouteFacts {
  const text = readFileSync(join(root, route.file), "utf8");
  const syntax = parseSource(route.file, text);
  checkContext(syntax, route.pattern);
  const config = readRouteConfig(syntax);
  const { names, stars } = readExports(route.file, text);
  const methods = toMethods(route.file, stars ? [...names, ...inherited()] : names, isCommonJs);
  if (config.schedule !== undefined) checkSchedule(route, methods);
  return { methods, config };
}

/** Values that a file exports under names of its own. */
export function readExports(file: string, text: string): Exports {
  const entries = parseSync(file, text, { sourceType: "module" }).module.staticExports.flatMap((one) => one.entries);
  const values = entries.filter(({ isType }) => !isType);
  const names = values.flatMap(({ exportName }) =>
    exportName.kind === "Default" ? ["default"] : exportName.kind === "Name" ? [exportName.name ?? ""] : [],
  );
  return { names, stars: values.some(({ exportName }) => exportName.kind === "None") };
}

function toPlan(route: ScannedRoute, { methods, config }: RouteFacts = { methods: [], config: {} }): RoutePlan {
  return { ...route, methods, config, needs: [], usesWaitUntil: true, external: [] };
}

function planOf(routes: RoutePlan[]): FunctionPlan {
  return {
    id: "dev",
    role: "handler",
    variant: "",
    routes,
    settings: {},
    usesWaitUntil: true,
    reason: "development",
    lazy: false,
  };
}

function toAnalysed(app: ScannedApp, routes: RoutePlan[]): AnalysedApp {
  return {
    ...app,
    routes,
    envNames: { vars: [], secrets: [] },
    base: { needs: [], usesWaitUntil: true, external: [] },
    code: { chunks: [], routes: {} },
  };
}

/** Names that a file exports by `export * from` files of the app; those of packages cannot be told without running. */
export function namesBelow(graph: ModuleGraph, module: Module): string[] {
  const below = graph.stars(module);
  return below.flatMap((one) => {
    const { names, stars } = readExports(one.id, readFileSync(one.id, "utf8"));
    return stars ? [...names, ...namesBelow(graph, one)] : names;
  });
}
