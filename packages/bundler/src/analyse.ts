/**
 * 2. analyse: methods, config and names from the syntax trees, and what each route needs from the import graph.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import { checkContext } from "./analyse-context.ts";
import { checkSchedule, toMethods } from "./analyse-exports.ts";
import type { EsbuildSettings, RouteNeed, RoutePlan, Target } from "./contracts.ts";
import { readEnvNames } from "./env-names.ts";
import { type Graph, readGraph, type Shipped } from "./graph.ts";
import { readUnion } from "./graph-union.ts";
import { usesBarrel } from "./optimise.ts";
import { notLiteral, readRouteConfig } from "./route-config.ts";
import type { AnalysedApp, ScannedApp, ScannedRoute } from "./steps.ts";
import { parseSource, type Syntax } from "./syntax.ts";

export interface AnalyseOptions {
  /** Packages that are copied beside the bundle. */
  external: string[];
  /** How packages are found. Default: as no platform in particular. `analysisSettings` gives a target's. */
  settings?: EsbuildSettings;
  /** From so many files on, what routes share is estimated (`code.coarse`), in a third of the time. Default: never. */
  coarseFrom?: number;
}

/**
 * Reads the app without running any of it. Throws SOURCE_UNREADABLE, SOURCE_SYNTAX, IMPORT_FAILED, CONFIG_NOT_LITERAL,
 * CONFIG_KEY_UNKNOWN, CONFIG_VALUE, CONTEXT_STALE, ENV_NOT_LITERAL, ROUTE_WITHOUT_HANDLER, ROUTE_COMMONJS,
 * DEFAULT_MISSING and SCHEDULE_INVALID.
 *
 * @example const { routes } = await analyseApp(await scanApp(root), { external: [] });
 */
export async function analyseApp(app: ScannedApp, options: AnalyseOptions): Promise<AnalysedApp> {
  const files = filesOf(app);
  // esbuild works in a process of its own meanwhile; what the trees tell comes first.
  const syntax = new Map<string, Syntax>();
  const coarse = files.length >= (options.coarseFrom ?? Infinity);
  const question = { root: app.root, files, external: options.external, settings: options.settings };
  const pending = coarse ? readUnion(question, (file) => must(syntax, file).exports) : readGraph(question);
  pending.catch(() => {});
  try {
    for (const file of files) syntax.set(file, parseSource(file, readSource(app.root, file)));
    for (const route of app.routes) checkContext(must(syntax, route.file), route.pattern);
    for (const { file } of app.routes) readRouteConfig(must(syntax, file));
  } catch (error) {
    await pending.catch(() => {});
    throw error;
  }
  const graph = await pending;
  if (options.settings) await sharpen(graph, app.root, options);
  for (const [file, what] of defaultsOf(app)) requireDefault(file, must(graph.files, file), what);

  const base = merge(graph, [...app.rootMiddleware, ...present(app.notFound, app.error, app.env)]);
  const routes = app.routes.map((route) => {
    const own = route.segments.flatMap(({ matcher = "" }) => present(app.matchers[matcher]));
    const shipped = [route.file, ...route.middleware, ...own, ...present(app.notFound, app.error, app.env)];
    return toPlan(route, must(syntax, route.file), graph, shipped);
  });
  return {
    ...app,
    routes,
    barrelUsers: new Set(graph.barrelUsers.filter((path) => usesBarrel(readFileSync(path, "utf8")))),
    envNames: app.env ? readEnvNames(must(syntax, app.env)) : { vars: [], secrets: [] },
    base: shipped(base),
    code: {
      ...(coarse && { coarse }),
      chunks: graph.chunks,
      routes: Object.fromEntries(
        app.routes.map(({ file, middleware }) => [file, merge(graph, [file, ...middleware]).chunks]),
      ),
    },
  };
}

/** Of files alone, so that an analysis stays near one pass of esbuild. */
const MOST_ALONE = 40;

/**
 * A shared chunk holds what any of its files uses, so a need in one may be another file's. Where a platform lacks
 * something and those in doubt are few, they are read once more, each alone; else the need stands.
 */
async function sharpen(graph: Graph, root: string, options: AnalyseOptions): Promise<void> {
  const holders = new Map<number, number>();
  for (const { chunks } of graph.files.values()) {
    for (const chunk of chunks) holders.set(chunk, (holders.get(chunk) ?? 0) + 1);
  }
  const files = [...graph.files].flatMap(([file, { needs, chunks }]) =>
    needs.length > 0 && chunks.some((chunk) => (holders.get(chunk) ?? 0) > 1) ? [file] : [],
  );
  if (files.length === 0 || files.length > MOST_ALONE) return;
  const exact = await readGraph({ root, files, ...options, alone: true });
  for (const [file, { needs, external }] of exact.files) Object.assign(must(graph.files, file), { needs, external });
}

/**
 * How packages are found on the variant of a target that has least of Node: what a route needs is asked of that one,
 * the others have everything.
 */
export function analysisSettings(target: Target, targetConfig: unknown): EsbuildSettings | undefined {
  const [variant] = Object.entries(target.variants).find(([, { nodeBuiltins }]) => nodeBuiltins !== "all") ?? [];
  return variant === undefined ? undefined : target.esbuild(variant, targetConfig);
}

function toPlan(route: ScannedRoute, syntax: Syntax, graph: Graph, files: readonly string[]): RoutePlan {
  const { exports, commonjs } = must(graph.files, route.file);
  const config = readRouteConfig(syntax);
  if (exports.includes("config") && Object.keys(config).length === 0) requireOwnConfig(syntax);
  const methods = toMethods(route.file, exports, commonjs);
  if (config.schedule !== undefined) checkSchedule(route, methods);
  return { ...route, methods, config, ...shipped(merge(graph, files)) };
}

/** Without the chunks, which only the analysis knows. */
function shipped({ chunks: _, ...facts }: Merged): Omit<Merged, "chunks"> {
  return facts;
}

/** `export * from` may bring a config that is not in the tree. */
function requireOwnConfig(syntax: Syntax): void {
  const all = syntax.program.body.find(({ type }) => type === "ExportAllDeclaration");
  const own = syntax.program.body.some(({ type }) => type === "ExportNamedDeclaration");
  if (all && !(own && /\bconfig\b/.test(syntax.text)))
    throw notLiteral(syntax, all.start, "it comes from another file");
}

type Merged = Omit<Shipped, "exports" | "commonjs">;

function merge(graph: Graph, files: readonly string[]): Merged {
  const parts = files.map((file) => must(graph.files, file));
  const needs = new Map<string, RouteNeed>();
  for (const need of parts.flatMap((part) => part.needs)) {
    const key = `${need.kind} ${need.name}`;
    const known = needs.get(key);
    if (!known || need.chain.length < known.chain.length) needs.set(key, need);
  }
  return {
    needs: [...needs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, need]) => need),
    external: [...new Set(parts.flatMap((part) => part.external))].sort(),
    usesWaitUntil: parts.some((part) => part.usesWaitUntil),
    stores: [...new Set(parts.flatMap((part) => part.stores))].sort(),
    counted: [...new Set(parts.flatMap((part) => part.counted))].sort(),
    chunks: [...new Set(parts.flatMap((part) => part.chunks))].sort((a, b) => a - b),
  };
}

function filesOf(app: ScannedApp): string[] {
  return [...new Set([...app.routes.map(({ file }) => file), ...defaultsOf(app).keys()])];
}

/** Files that are imported by their default export -> what that must be. */
export function defaultsOf(app: ScannedApp): Map<string, string> {
  const files = new Map<string, string>();
  const middleware = [...app.rootMiddleware, ...app.routes.flatMap((route) => route.middleware)];
  for (const file of middleware) files.set(file, "a middleware or an array of them");
  for (const file of present(app.notFound, app.error)) files.set(file, "a handler");
  for (const file of present(app.env)) files.set(file, "what defineEnv() returns");
  for (const file of Object.values(app.matchers)) files.set(file, "a function (value: string) => boolean");
  return files;
}

/** Throws DEFAULT_MISSING. */
export function requireDefault(
  file: string,
  { exports, commonjs }: Pick<Shipped, "exports" | "commonjs">,
  what: string,
): void {
  if (exports.includes("default") && !commonjs) return;
  throw new GodwitError("DEFAULT_MISSING", `${file} has no default export. It must be ${what}: export default ...`);
}

function readSource(root: string, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(join(root, file)));
  } catch (cause) {
    // The decoder's word for bytes that it would have to replace.
    if (cause instanceof TypeError) {
      throw new GodwitError("SOURCE_ENCODING", `${file} is not UTF-8 text. Save it as UTF-8.`, { cause });
    }
    const { code } = cause as NodeJS.ErrnoException; // readFileSync throws nothing else
    throw new GodwitError(
      "SOURCE_UNREADABLE",
      `${file} cannot be read (${code}). Give this user the right to read it.`,
      {
        cause,
      },
    );
  }
}

function present(...files: (string | undefined)[]): string[] {
  return files.filter((file) => file !== undefined);
}

function must<T>(map: ReadonlyMap<string, T>, file: string): T {
  const value = map.get(file);
  if (value === undefined) throw new TypeError(`${file} was not analysed`);
  return value;
}
