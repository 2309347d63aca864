/**
 * Which driver each store of the config has on a target, and which functions use it.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { Resource } from "@godwit/core/manifest";
import type { StoreDriver } from "@godwit/core/types";
import type { FunctionPlan, RoutePlan, Target } from "./contracts.ts";
import type { AnalysedApp, BuildConfig, Notice } from "./steps.ts";

/** What `memory()` of core gives: a store without a driver for the target. */
const MEMORY: StoreDriver = {
  module: "@godwit/core/stores/memory",
  options: {},
  guarantees: {
    reads: "instance",
    durable: false,
    maxValue: 16_775_168,
    minTtl: 0,
    list: "exact",
    counters: "instance",
  },
};

/** Each store's driver for a target, by the store's name; memory where the config names none, or without a target. */
export function chooseStores(
  { stores = {} }: Pick<BuildConfig, "stores">,
  target?: string,
): Record<string, StoreDriver> {
  const chosen = Object.entries(stores).map(
    ([name, drivers]) => [name, (target && drivers[target]) || MEMORY] as const,
  );
  return Object.fromEntries(chosen.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What a name that is computed stands for: every store. */
const ANY = "*";

/** The names in `.store("main")`, `*` for one that is computed, and those that options name: `store: "main"`. */
export function storesIn(code: string): string[] {
  const calls = code.matchAll(/(?:\.store|\["store"\])(?:\?\.)?\(\s*(?:(["`])([^"`\\$]*)\1\s*\))?/g);
  const options = code.matchAll(/[{,\s]store:\s*(["`])([^"`\\$]*)\1/g);
  return [...new Set([...calls, ...options].map(([, , name = ANY]) => name))];
}

/** The names that calls of `rateLimit` give as their option: `rateLimit({ store: "main", limits })`. */
export function countedIn(code: string): string[] {
  const calls = [...code.matchAll(/\brateLimit\d*\(/g)].map(({ index }) => index);
  return [...new Set(calls.flatMap((at) => storesIn(argumentsAt(code, at))))].filter((name) => name !== ANY);
}

/** The text from a call on to the parenthesis that closes it; texts may hold others. */
function argumentsAt(code: string, at: number): string {
  let depth = 0;
  for (const { 0: part, index } of code.slice(at).matchAll(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[()]/g)) {
    if (part === "(") depth++;
    else if (part === ")") depth--;
    if (depth === 0) return code.slice(at, at + index);
  }
  return "";
}

type Using = Pick<FunctionPlan, "routes">;

/** The drivers of these that a function uses; undefined where nothing in it asks for a store. */
export function usedStores(
  { routes }: Using,
  { base }: Pick<AnalysedApp, "base">,
  drivers: Record<string, StoreDriver>,
): Record<string, StoreDriver> | undefined {
  const parts: Pick<RoutePlan, "stores">[] = [base, ...routes];
  // Without an analysis (in development) any store may be used.
  const all = Object.keys(drivers).length > 0 ? [ANY] : [];
  const names = new Set(parts.flatMap(({ stores = all }) => stores));
  if (names.size === 0) return undefined;
  return Object.fromEntries(Object.entries(drivers).filter(([name]) => names.has(ANY) || names.has(name)));
}

/** What the stores in use need from the cloud. */
export function storeResources(
  using: Using,
  app: Pick<AnalysedApp, "base">,
  drivers: Record<string, StoreDriver>,
): Resource[] {
  const used = Object.values(usedStores(using, app, drivers) ?? {});
  return mergeResources(used.flatMap(({ resources = [] }) => resources));
}

/** The names of `env.ts` with those that the stores in use read, sorted. What anybody calls a secret is one. */
export function withStoreEnv<App extends Pick<AnalysedApp, "base" | "envNames" | "routes">>(
  app: App,
  drivers: Record<string, StoreDriver>,
): App {
  const used = Object.values(usedStores(app, app, drivers) ?? {});
  const secrets = new Set([...app.envNames.secrets, ...used.flatMap(({ env }) => env?.secrets ?? [])]);
  const vars = new Set([...app.envNames.vars, ...used.flatMap(({ env }) => env?.vars ?? [])]);
  const envNames = { vars: [...vars].filter((name) => !secrets.has(name)).sort(), secrets: [...secrets].sort() };
  return { ...app, envNames };
}

/** One a kind and name: the first. */
export function mergeResources(resources: readonly Resource[]): Resource[] {
  const known = new Map<string, Resource>();
  for (const one of resources) {
    const key = `${one.kind} ${one.name}`;
    if (!known.has(key)) known.set(key, one);
  }
  return [...known.values()];
}

/**
 * Throws STORE_UNSUPPORTED for a driver that the runtime of a function lacks, STORE_UNCOUNTED for one without counters
 * that a rate limit counts in; notes what an instance alone sees.
 */
export function checkStores(
  plans: readonly FunctionPlan[],
  app: Pick<AnalysedApp, "base">,
  { target, config = {} }: { target: Target; config?: BuildConfig },
): Notice[] {
  const drivers = chooseStores(config, target.name);
  const notices = new Map<string, Notice>();
  for (const plan of plans) {
    const runtime = target.variants[plan.variant]?.runtime;
    const counted = [app.base, ...plan.routes].flatMap((part) => part.counted ?? []);
    for (const [name, { module, runtimes, guarantees }] of Object.entries(usedStores(plan, app, drivers) ?? {})) {
      if (runtime && runtimes && !runtimes.includes(runtime)) {
        const files = plan.routes.map(({ file }) => file).slice(0, 3);
        throw new GodwitError(
          "STORE_UNSUPPORTED",
          `The store "${name}" is ${module} on ${target.name}, which runs on ${runtimes.join(" and ")}, and function ${plan.id} (${files.join(", ")}) runs on ${runtime}. Name another driver for ${target.name} under stores.${name} in godwit.config.ts.`,
        );
      }
      if (counted.includes(name) && !guarantees.counters) {
        throw new GodwitError(
          "STORE_UNCOUNTED",
          `A rate limit counts in the store "${name}", which is ${module} on ${target.name} and has no counters (function ${plan.id}). Name a driver that has them for ${target.name} under stores.${name} in godwit.config.ts, or give the limit another store.`,
        );
      }
      if (config.stores?.[name]?.[target.name]) continue;
      notices.set(name, {
        code: "STORE_PER_INSTANCE",
        message: `The store "${name}" has no driver for ${target.name}, so each instance has one of its own in memory. Name one (memory() too) under stores.${name} in godwit.config.ts.`,
      });
    }
  }
  return [...notices.values()];
}
