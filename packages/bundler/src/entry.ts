/**
 * 4. entry: the generated lines around a function's routes.
 * @module
 */
import { compareSegments, expandOptionals, type Segment } from "@godwit/core/pattern";
import type { StoreDriver } from "@godwit/core/types";
import type { EntryWhole, FunctionPlan, RoutePlan, Target } from "./contracts.ts";
import { parseDuration } from "./duration.ts";
import { overlap } from "./group-fronts.ts";
import { BUILT_IN } from "./scan-matchers.ts";
import type { AnalysedApp } from "./steps.ts";
import { usedStores } from "./stores.ts";

/** The source of the module that the platform starts. It imports `godwit:app`. */
export function entrySource(plan: FunctionPlan, target: Target, targetConfig: unknown, whole?: EntryWhole): string {
  return target.entry(plan, targetConfig, whole);
}

export interface AppSourceOptions {
  /**
   * Problem documents carry messages and stacks, and the default export is `(shared) => App`: apps that follow each
   * other under one server hand on what `context.shared` keeps. Default false.
   */
  dev?: boolean;
  /** Each store's driver on this target: `chooseStores`. Those that the function uses are in it. Default: none. */
  stores?: Record<string, StoreDriver>;
}

/**
 * The source of `godwit:app` for one function: its default export is the App, `env` the EnvDefinition or undefined,
 * and a dispatcher's `behind` a Match whose pattern is the id of the function that serves a path. Paths are relative
 * to the app's folder, so that equal apps in two folders are equal text. Optionals are unfolded and rows ordered here:
 * at run time nothing parses a pattern.
 */
export function appSource(plan: FunctionPlan, app: AnalysedApp, options: AppSourceOptions = {}): string {
  const source = new Source(app);
  const middleware = source.middleware(app.rootMiddleware);
  const match = source.match(plan);
  const behind = plan.role === "dispatcher" ? source.behind(plan) : undefined;
  const settings = [
    app.env ? "env" : "",
    middleware ? `middleware: ${middleware}` : "",
    app.notFound ? `notFound: ${source.file(app.notFound, "default")}` : "",
    app.error ? `error: ${source.file(app.error, "default")}` : "",
    options.dev ? "dev: true, shared" : "",
    source.stores(usedStores(plan, app, options.stores ?? {})),
  ].filter(Boolean);
  source.core("app", "createApp");
  const lines = [
    `export default ${options.dev ? "(shared) => " : ""}createApp(${match}${settings.length ? `, { ${settings.join(", ")} }` : ""});`,
    ...(behind ? [behind] : []),
  ];
  return `${[...source.head(), ...lines].join("\n")}\n`;
}

/** Gathers imports and constants while expressions are written. */
class Source {
  readonly #app: AnalysedApp;
  readonly #core = new Map<string, Set<string>>();
  readonly #files = new Map<string, Map<string, string>>();
  readonly #chains = new Map<string, string>();
  readonly #constants: string[] = [];
  readonly #drivers: string[] = [];
  #count = 0;

  constructor(app: AnalysedApp) {
    this.#app = app;
  }

  core(module: string, name: string): string {
    const names = this.#core.get(module) ?? new Set();
    this.#core.set(module, names.add(name));
    return name;
  }

  /** The name that an export of the app's file has here; each file is imported once. */
  file(path: string, name: string): string {
    const names = this.#files.get(path) ?? new Map<string, string>();
    this.#files.set(path, names);
    const local = names.get(name) ?? `f${this.#count++}`;
    names.set(name, local);
    return local;
  }

  /** A constant with the middleware of these files, one a chain; "" without any. */
  middleware(files: readonly string[]): string {
    if (files.length === 0) return "";
    const key = files.join("\n");
    const known = this.#chains.get(key);
    if (known) return known;
    const name = `chain${this.#chains.size}`;
    this.#chains.set(key, name);
    this.#constants.push(`const ${name} = [${files.map((file) => this.file(file, "default")).join(", ")}].flat();`);
    return name;
  }

  /** The setting that gives contexts their `store`; "" where nothing asks for one. */
  stores(drivers: Record<string, StoreDriver> | undefined): string {
    if (!drivers) return "";
    this.core("stores/open", "openStores");
    const entries = Object.entries(drivers).map(([name, { module, options }], at) => {
      this.#drivers.push(`import { open as store${at} } from ${JSON.stringify(module)};`);
      return `${JSON.stringify(name)}: { open: (given) => store${at}(${JSON.stringify(options)}, given) }`;
    });
    return `stores: openStores({ ${entries.join(", ")} })`;
  }

  match(plan: FunctionPlan): string {
    const rows = toRows(plan.routes.map((route) => [route.segments, route] as const));
    const names = new Map(plan.routes.map((route, at) => [route, `route${at}`]));
    for (const [route, name] of names) this.#constants.push(`const ${name} = ${this.#route(route, plan.lazy)};`);
    const [first] = rows;
    if (!first) {
      this.core("router", "onePattern");
      // No path has one empty segment. Paths that cannot be decoded are a 400 here as everywhere.
      return 'onePattern([""], { pattern: "", module: {}, middleware: [] })';
    }
    if (rows.length === 1) {
      this.core("router", "onePattern");
      return `onePattern(${this.#path(first[0])}, ${names.get(first[1])})`;
    }
    this.core("router", "createRouter");
    const texts = rows.map(([segments, route]) => `  [${this.#path(segments)}, ${names.get(route)}],`);
    return `createRouter([\n${texts.join("\n")}\n])`;
  }

  #route({ file, pattern, methods, middleware, config }: RoutePlan, lazy: boolean): string {
    const chain = this.middleware(middleware);
    const after = config.timeout === undefined ? undefined : parseDuration(config.timeout);
    if (after !== undefined) this.core("middleware/timeout", "timeout");
    const layers =
      after === undefined ? chain || "[]" : `[timeout({ after: ${after} })${chain ? `, ...${chain}` : ""}]`;
    // By name, so that `config` and helpers of the file stay out of the bundle.
    const exports = methods
      .map((method) => (method === "*" ? "default" : method))
      .map((name) => `${name}: ${lazy ? "" : this.file(file, name)}`);
    const module = lazy ? `() => import(${JSON.stringify(`./${file}`)})` : `{ ${exports.join(", ")} }`;
    return `{ pattern: ${JSON.stringify(pattern)}, module: ${module}, middleware: ${layers} }`;
  }

  /** Own routes stand among the others where one would be taken for another: the more specific wins everywhere. */
  behind({ routes, behind = [] }: FunctionPlan): string {
    const byPattern = new Map(this.#app.routes.map((route) => [route.pattern, route]));
    const theirs = behind.flatMap(({ id, patterns }) =>
      patterns.flatMap((pattern) => {
        const route = byPattern.get(pattern);
        return route ? [[route.segments, id] as const] : [];
      }),
    );
    const rows = toRows(theirs);
    const mine = toRows(routes.map((route) => [route.segments, ""] as const)).filter(([segments]) =>
      rows.some(([other]) => overlap(segments, other)),
    );
    this.core("router", "createRouter");
    const texts = toRows([...rows, ...mine]).map(
      ([segments, id]) =>
        `  [${this.#path(segments)}, { pattern: ${JSON.stringify(id)}, module: {}, middleware: [] }],`,
    );
    return [
      `const others = createRouter([\n${texts.join("\n")}\n]);`,
      "export const behind = (path) => {",
      "  try {",
      "    const matched = others(path);",
      "    return matched?.route.pattern ? matched : undefined;",
      // The app answers such a path with a 400.
      "  } catch {}",
      "};",
    ].join("\n");
  }

  #path(segments: readonly Segment[]): string {
    const parts = segments.map(({ kind, value, matcher }) => {
      if (kind === "static") return JSON.stringify(value);
      const test = matcher ? `, test: ${this.#matcher(matcher)}` : "";
      const rest = kind === "rest" ? ', rest: "one-or-more"' : kind === "optional-rest" ? ', rest: "any"' : "";
      return `{ name: ${JSON.stringify(value)}${test}${rest} }`;
    });
    return `[${parts.join(", ")}]`;
  }

  #matcher(name: string): string {
    const own = this.#app.matchers[name];
    return own && !BUILT_IN.has(name) ? this.file(own, "default") : this.core("matchers", name);
  }

  head(): string[] {
    const imports: string[] = [...this.#drivers];
    for (const [module, names] of [...this.#core].sort(([a], [b]) => (a < b ? -1 : 1))) {
      imports.push(`import { ${[...names].sort().join(", ")} } from "@godwit/core/${module}";`);
    }
    for (const [path, names] of this.#files) {
      const texts = [...names].map(([name, local]) => `${name} as ${local}`);
      imports.push(`import { ${texts.join(", ")} } from ${JSON.stringify(`./${path}`)};`);
    }
    const env = this.#app.env;
    const exported = env
      ? [`import env from ${JSON.stringify(`./${env}`)};`, "export { env };"]
      : ["export const env = undefined;"];
    return [...imports, ...exported, ...this.#constants];
  }
}

/** Optionals unfolded, the more specific first. A pattern whose optionals meet is taken at its fullest. */
function toRows<T>(routes: readonly (readonly [segments: readonly Segment[], value: T])[]): [Segment[], T][] {
  const rows = routes.flatMap(([segments, value]) =>
    expandOptionals(segments).map((row): [Segment[], T] => [row, value]),
  );
  return rows.sort(([a], [b]) => compareSegments(a, b));
}
