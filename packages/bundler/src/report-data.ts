/**
 * The report of a build as plain data: what `report.json` holds and the page shows. The same app and the same last
 * build give the same bytes: no time, no path of this machine.
 * @module
 */
import type { Manifest } from "@godwit/core/manifest";
import { type CheckInput, limitsOf } from "./check.ts";
import type { FunctionPlan, Limits, RoutePlan, Startup, Target } from "./contracts.ts";
import { findGap } from "./group-variants.ts";
import { type ReportChanges, toChanges } from "./report-changes.ts";
import { type SharedCode, type SharedPackage, toSharedCode, toSharedPackages } from "./report-shared.ts";
import type { AnalysedApp, FunctionReport, Notice, Weight } from "./steps.ts";

export const REPORT_VERSION = 1;

/** `<out>/<target>.report/report.json`. */
export interface ReportData {
  version: typeof REPORT_VERSION;
  app: string;
  target: string;
  /** The manifest's: equal hashes are equal artefacts. */
  hash: string;
  /** Sums over all functions. */
  bytes: number;
  gzipBytes: number;
  /** The heaviest first. */
  functions: ReportFunction[];
  /** What the app as a whole takes of what the platform allows. */
  limits: ReportLimit[];
  /** Where a route might run on the edge: the variant of each platform that has one. */
  edges: { name: string; routes: number }[];
  packages: SharedPackage[];
  shared: SharedCode[];
  notices: Notice[];
  /** Absent where there was no build of this app in the same place. */
  changes?: ReportChanges;
}

export interface ReportFunction {
  id: string;
  role: FunctionPlan["role"];
  variant: string;
  /** Why it is a function of its own, and why on this variant. */
  reason: string;
  /** Routes are imported when first used. */
  lazy: boolean;
  hash: string;
  bytes: number;
  /** Each file gzipped alone at level 9. */
  gzipBytes: number;
  /** The heaviest first. */
  packages: Weight[];
  limits: ReportLimit[];
  /** From `--measure`: of this build, or of an earlier one with the same function in it. */
  startup?: Startup;
  routes: ReportRoute[];
}

export interface ReportRoute {
  pattern: string;
  methods: string[];
  file: string;
  middleware: string[];
  /** Edge variants on which it cannot run, each with the reason and the import chain. Empty: it runs on all. */
  gaps: Record<string, string>;
}

export interface ReportLimit {
  /** `size`, `gzipped size`, `start-up`, `time of a request`, `functions`, `front routes`, `files of public/`... */
  name: string;
  unit: "bytes" | "ms" | "count";
  /** Absent for what only shows when the app runs. */
  used?: number;
  most: number;
  /** Whose rule it is: the platform's name, or `budget` of the config. */
  by: string;
}

/** A platform with its slice of the config, for the question where else a route could run. */
export interface ReportPlatform {
  target: Target;
  targetConfig: unknown;
}

export interface ReportInput extends CheckInput {
  name: string;
  app: AnalysedApp;
  manifest: Manifest;
  reports: FunctionReport[];
  notices: Notice[];
  startup?: Record<string, Startup>;
  platforms: readonly ReportPlatform[];
  previous?: ReportData;
}

export function toReportData(input: ReportInput): ReportData {
  const { app, manifest, reports, functions: built, notices, startup, previous } = input;
  const edges = edgesOf(input.platforms);
  const hashes = new Map(manifest.functions.map(({ id, hash }) => [id, hash]));
  const gaps = new Map(app.routes.map((route) => [route.file, gapsOf(route, edges)]));
  const old = new Map(previous?.functions.map((fn) => [fn.id, fn]));
  const byId = new Map(reports.map((one) => [one.id, one]));
  const functions = built.map(({ plan }): ReportFunction => {
    const { bytes = 0, gzipBytes = 0, packages = [] } = byId.get(plan.id) ?? {};
    const hash = hashes.get(plan.id) ?? "";
    const last = old.get(plan.id);
    // what was measured holds for as long as the function is the same
    const cpu = startup?.[plan.id] ?? (last?.hash === hash ? last.startup : undefined);
    return {
      id: plan.id,
      role: plan.role,
      variant: plan.variant,
      reason: plan.reason,
      lazy: plan.lazy,
      hash,
      bytes,
      gzipBytes,
      packages: withRest(packages, bytes),
      limits: limitsOfFunction(input, plan, { bytes, gzipBytes }, cpu),
      ...(cpu && { startup: cpu }),
      routes: plan.routes.map(({ pattern, methods, file, middleware }) => {
        return { pattern, methods, file, middleware, gaps: gaps.get(file) ?? {} };
      }),
    };
  });
  functions.sort((a, b) => b.bytes - a.bytes || (a.id < b.id ? -1 : 1));
  const data: ReportData = {
    version: REPORT_VERSION,
    app: input.name,
    target: input.target.name,
    hash: manifest.hash,
    bytes: sum(functions, ({ bytes }) => bytes),
    gzipBytes: sum(functions, ({ gzipBytes }) => gzipBytes),
    functions,
    limits: limitsOfApp(input),
    edges: edges.map(({ name }) => {
      return { name, routes: app.routes.filter(({ file }) => gaps.get(file)?.[name] === undefined).length };
    }),
    packages: toSharedPackages(functions),
    shared: toSharedCode(app, functions),
    notices,
  };
  const changes = previous && toChanges(previous, data);
  return changes ? { ...data, changes } : data;
}

/** What belongs to no input: the glue of the bundler. */
const GLUE = "(bundle's own code)";

function withRest(packages: readonly Weight[], bytes: number): Weight[] {
  const rest = bytes - sum(packages, (one) => one.bytes);
  const all = rest > 0 ? [...packages, { name: GLUE, bytes: rest }] : [...packages];
  return all.sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
}

function limitsOfFunction(
  { target, targetConfig, config }: CheckInput,
  plan: FunctionPlan,
  size: { bytes: number; gzipBytes: number },
  cpu: Startup | undefined,
): ReportLimit[] {
  const limits = limitsOf(target, plan.variant, targetConfig);
  const by = target.name;
  const { budgets = {} } = config;
  return [
    ...one("size", "bytes", size.bytes, limits.functionBytes, by),
    ...one("gzipped size", "bytes", size.gzipBytes, limits.functionGzipBytes, by),
    ...one("start-up", "ms", cpu?.startupCpu, limits.startup, by),
    ...one("time of a request", "ms", plan.settings.timeout, limits.duration, by),
    ...one("body of a request", "bytes", undefined, limits.requestBytes, by),
    ...one("body of an answer", "bytes", undefined, limits.responseBytes, by),
    ...one("size", "bytes", size.bytes, budgets.function?.bytes, "budget"),
    ...one("gzipped size", "bytes", size.gzipBytes, budgets.function?.gzipBytes, "budget"),
    ...one("start-up", "ms", cpu?.startupCpu, budgets.startup, "budget"),
  ];
}

function limitsOfApp(input: ReportInput): ReportLimit[] {
  const { target, targetConfig, manifest, assets, functions, reports, config } = input;
  const variants = [...new Set(functions.map(({ plan }) => plan.variant))];
  const all = variants.map((variant) => limitsOf(target, variant, targetConfig));
  const least = (key: keyof Limits): number | undefined => {
    const found = all.flatMap((limits) => limits[key] ?? []);
    return found.length > 0 ? Math.min(...found) : undefined;
  };
  const byFunction = variants.some((variant) => target.variants[variant]?.assets === "function");
  const by = target.name;
  const total = config.budgets?.total;
  return [
    // one function by the platform's nature is no limit that anybody comes near
    ...(least("functions") === 1 ? [] : one("functions", "count", functions.length, least("functions"), by)),
    ...one("front routes", "count", manifest.front.routes.length, least("frontRoutes"), by),
    ...(byFunction
      ? [
          ...one("files of public/", "count", assets.length, least("assetCount"), by),
          ...one(
            "size of public/",
            "bytes",
            sum(assets, ({ bytes }) => bytes),
            least("assetTotalBytes"),
            by,
          ),
        ]
      : []),
    ...one(
      "size of all functions",
      "bytes",
      sum(reports, ({ bytes }) => bytes),
      total?.bytes,
      "budget",
    ),
    ...one(
      "gzipped size of all functions",
      "bytes",
      sum(reports, ({ gzipBytes }) => gzipBytes),
      total?.gzipBytes,
      "budget",
    ),
  ];
}

function one(
  name: string,
  unit: ReportLimit["unit"],
  used: number | undefined,
  most: number | undefined,
  by: string,
): ReportLimit[] {
  if (most === undefined || !Number.isFinite(most)) return [];
  return [{ name, unit, ...(used === undefined ? {} : { used }), most, by }];
}

interface Edge extends ReportPlatform {
  name: string;
  variant: string;
}

/** A route that needs nothing and asks for the edge. */
const LIGHT: RoutePlan = {
  file: "",
  pattern: "/",
  segments: [],
  methods: ["GET"],
  config: { runtime: "edge" },
  middleware: [],
  needs: [],
  usesWaitUntil: false,
  external: [],
};

/** Of each platform the variant on which such a route would land, by its config, where that is no Node. */
function edgesOf(platforms: readonly ReportPlatform[]): Edge[] {
  return platforms.flatMap(({ target, targetConfig }) => {
    const { name, variants } = target;
    const variant = edgeOf(target, targetConfig);
    if (variant === undefined || variants[variant]?.runtime === "node") return [];
    const isOne = new Set(Object.values(variants).map(({ runtime }) => runtime)).size === 1;
    return [{ name: isOne ? name : `${name} ${variant}`, variant, target, targetConfig }];
  });
}

function edgeOf(target: Target, targetConfig: unknown): string | undefined {
  try {
    return target.choose({ route: LIGHT, lacks: () => undefined }, targetConfig).variant;
  } catch {
    return undefined; // a platform without an edge says so
  }
}

/** Judged by the imports as they were resolved for this build's target. */
function gapsOf(route: RoutePlan, edges: readonly Edge[]): Record<string, string> {
  return Object.fromEntries(
    edges.flatMap(({ name, variant, target, targetConfig }) => {
      const gap = findGap(route, target, targetConfig, variant);
      return gap === undefined ? [] : [[name, gap]];
    }),
  );
}

function sum<T>(items: readonly T[], bytesOf: (item: T) => number): number {
  return items.reduce((total, item) => total + bytesOf(item), 0);
}
