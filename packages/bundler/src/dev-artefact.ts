/**
 * An artefact for `godwit dev`: the platform's own layout with the swapping app in each function, one a variant.
 * @module
 */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { bundle } from "./bundle.ts";
import type { Artefact, FunctionPlan, RoutePlan, Target } from "./contracts.ts";
import { swapSource } from "./dev-swap-source.ts";
import { hasRuntimes, planRuntimes } from "./dev-variants.ts";
import { parseDuration } from "./duration.ts";
import { emit } from "./emit.ts";
import { checkOut } from "./emit-out.ts";
import { openStage } from "./emit-stage.ts";
import { entrySource } from "./entry.ts";
import { findEnvNames } from "./env-names.ts";
import { openOwnFolder } from "./own-folder.ts";
import { readRouteConfig } from "./route-config.ts";
import { scanApp } from "./scan.ts";
import type { AnalysedApp, BuildConfig, ScannedApp, ScannedRoute } from "./steps.ts";
import { chooseStores, storeResources, withStoreEnv } from "./stores.ts";
import { parseSource } from "./syntax.ts";

export interface DevArtefactOptions {
  /** The app's folder, absolute. */
  root: string;
  /** The app's name. */
  app: string;
  target: Target;
  /** What the target's schema made of its slice of the config. */
  targetConfig: unknown;
  config?: BuildConfig;
  /** Resolves `@godwit/adapters/*`: a file URL inside the package that depends on it. */
  adaptersFrom: string;
  /** Where the swapping app asks, without a slash at its end. */
  url: string;
  /** HTTPS ends before the platform. Default false. */
  secure?: boolean;
  /** The folder that takes `<target>/`. Default `<root>/.godwit/dev-<target>`. */
  out?: string;
}

/**
 * Writes it, and replaces the one of before. Routes that cannot be read count without their config: whoever asks for
 * them is told why. Throws what `scanApp`, `emit` and a target throw.
 *
 * @example
 * const artefact = await writeDevArtefact({ root, app: "shop", target, targetConfig, adaptersFrom: import.meta.url, url });
 */
export async function writeDevArtefact(given: DevArtefactOptions): Promise<Artefact> {
  const root = resolve(given.root);
  const { target, targetConfig, adaptersFrom, url, app: name } = given;
  const out = given.out === undefined ? join(root, ".godwit", `dev-${target.name}`) : resolve(given.out);
  checkOut(root, out, target.name);
  // Stacks of the swapping app itself help nobody.
  const config: BuildConfig = { ...given.config, minify: false, sourcemap: "none" };
  const scanned = await scanApp(root);
  const { plans, app } = await plan({ ...given, root, config }, scanned);
  const drivers = chooseStores(config, target.name);
  const whole = { functions: plans.length, resources: storeResources(app, app, drivers) };
  // Nothing lies beside it: what the app imports is found where the app is.
  const { functions } = await bundle({
    root,
    plans,
    // In one piece: nothing is shared, and the order of chunks need not be proven.
    target: { ...target, esbuild: (variant) => ({ ...target.esbuild(variant, targetConfig), selfContained: true }) },
    targetConfig,
    config,
    adaptersFrom,
    entrySource: (each) => entrySource(each, target, targetConfig, whole),
    appSource: ({ variant }) => swapSource(url, target.variants[variant]?.dev, given.secure),
  });
  if (given.out === undefined) openOwnFolder(root);
  const stage = openStage(out, target.name);
  try {
    const options = { root, app: name, target, targetConfig, config, adaptersFrom };
    const manifest = await emit({ options, app, functions }, stage);
    await stage.commit();
    return { root: join(out, target.name), manifest };
  } finally {
    stage.discard();
  }
}

interface Planned {
  plans: FunctionPlan[];
  app: AnalysedApp;
}

/** Where all variants are one runtime, what a route reaches decides nothing: no graph is read, since start is waited for. */
async function plan(options: DevArtefactOptions & { config: BuildConfig }, scanned: ScannedApp): Promise<Planned> {
  const { root, target, targetConfig, config } = options;
  if (hasRuntimes(target)) {
    const planned = await planRuntimes({ root, target, targetConfig, config });
    if (planned) {
      const { app, plans } = planned;
      // Which stores are used was true a moment ago: an edit may use any.
      return { app: { ...app, base: { ...app.base, stores: undefined } }, plans: joinPlans(plans) };
    }
  }
  const routes = await Promise.all(scanned.routes.map((route) => readRoute(root, route)));
  const envNames = await findEnvNames(root, scanned.env);
  const base = { needs: [], usesWaitUntil: true, external: [] };
  const named: AnalysedApp = { ...scanned, routes, envNames, base, code: { chunks: [], routes: {} } };
  const app = withStoreEnv(named, chooseStores(config, target.name));
  const rest: RoutePlan = { file: "", pattern: "/", segments: [], methods: ["*"], config: {}, middleware: [], ...base };
  const { variant, reason } = target.choose({ route: rest, lacks: () => undefined }, targetConfig);
  return { app, plans: [toFunction(variant, reason, routes, target, scanned)] };
}

/** One function a variant; the fallback's keeps all that is left. */
function joinPlans(plans: readonly FunctionPlan[]): FunctionPlan[] {
  const byVariant = Map.groupBy(plans, ({ variant }) => variant);
  return [...byVariant.values()].flatMap((some) => {
    const first = some.find(({ role }) => role === "fallback") ?? some[0];
    if (!first) return [];
    const { behind: _, ...kept } = first;
    const routes = some.flatMap((each) => each.routes.map((route) => ({ ...route, external: [], stores: undefined })));
    return [{ ...kept, routes, usesWaitUntil: true, lazy: false, settings: widest(routes) }];
  });
}

function toFunction(
  variant: string,
  reason: string,
  routes: RoutePlan[],
  target: Target,
  { assets }: ScannedApp,
): FunctionPlan {
  return {
    id: "dev",
    role: "fallback",
    variant,
    routes,
    settings: widest(routes),
    usesWaitUntil: true,
    reason,
    lazy: false,
    ...(assets.length > 0 && target.variants[variant]?.assets === "function" && { servesAssets: true }),
  };
}

/** What the most demanding of them asks for. */
function widest(routes: readonly RoutePlan[]): FunctionPlan["settings"] {
  const memory = Math.max(0, ...routes.map(({ config }) => config.memory ?? 0));
  const timeout = Math.max(0, ...routes.map(({ config }) => parseDuration(config.timeout ?? "") ?? 0));
  return { ...(memory > 0 && { memory }), ...(timeout > 0 && { timeout }) };
}

/** Its schedule and hints, where its text has the word at all. Methods are its module's own to know. */
async function readRoute(root: string, route: ScannedRoute): Promise<RoutePlan> {
  const plain = { ...route, methods: ["*"], needs: [], usesWaitUntil: true, external: [] };
  try {
    const text = await readFile(join(root, route.file), "utf8");
    if (!/\bconfig\b/.test(text)) return { ...plain, config: {} };
    const { schedule, timeout, memory } = readRouteConfig(parseSource(route.file, text));
    const hints = { ...(timeout !== undefined && { timeout }), ...(memory !== undefined && { memory }) };
    return { ...plain, config: { ...hints, ...(schedule !== undefined && { schedule }) } };
  } catch {
    return { ...plain, config: {} };
  }
}
