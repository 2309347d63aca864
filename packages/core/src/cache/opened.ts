/**
 * Where the responses of a cache are: its store, and what stands before it.
 * @module
 */
import { GodwitError } from "../errors.ts";
import { type MemoryOptions, openValues } from "../stores/memory.ts";
import type { KeyValueStore, Store } from "../stores/store.ts";
import type { Context, Key, StoreName } from "../types.ts";
import { layered, type Tier } from "./tiers.ts";

/** A context of any route: `Context<"/users/[id]">` is one. What a route's params say is to be given as arguments. */
export type CacheContext = Omit<Context, "params">;

/** `"1s"`, `"500ms"`, `"1.5m"`. */
export type Duration = `${number}${"ms" | "s" | "m"}`;

export interface Tiers {
  /**
   * The store of the config where values are kept, its name as a literal, so that the build sees it. Default: the
   * memory of the instance, 16 MB for all caches that name no store.
   */
  store?: StoreName;
  /**
   * A memory of each instance before the store. For so long it may serve what somebody else has replaced or invalidated;
   * tags too. Default: none. Bounds are those of `memory()`.
   */
  memory?: { maxStale: Duration } & MemoryOptions;
  /** Another store of the config, nearer than `store` and after `memory`: the platform's own cache. */
  near?: { store: StoreName; maxStale: Duration };
  /** A token: names the cache in Cache-Status, and apart from others in one store. Default `godwit`. */
  name?: string;
}

export const NAME = "godwit";
const MEMORY: Key<Map<string, KeyValueStore>> = { name: "cache memory" };
const TIERS: Key<Map<string, Tiers>> = { name: "cache tiers" };

/** What a cache reads and writes. Throws CACHE_STORE_MISSING, CACHE_DURATION_INVALID, and what opening throws. */
export function openTiers(context: CacheContext, given: Tiers): Tier {
  // For `findTiers`: those of who has any.
  if (given.memory || given.near) context.shared(TIERS, () => new Map()).set(toId(given), given);
  const all = context.shared(MEMORY, () => new Map());
  const memoryOf = (id: string, options: MemoryOptions): KeyValueStore => {
    const memory = all.get(id) ?? openValues(options, true);
    all.set(id, memory);
    return memory;
  };
  const base = given.store === undefined ? memoryOf("", {}) : storeOf(context, given.store);
  return joined(context, given, base, memoryOf);
}

/** The same for who writes beside the cache; undefined where there is nothing to write to on this instance. */
export function findTiers(context: CacheContext, given: Tiers): Tier | undefined {
  const all = context.shared(MEMORY, () => new Map());
  const tiers = context.shared(TIERS, () => new Map()).get(toId(given)) ?? given;
  const base = given.store === undefined ? all.get("") : storeOf(context, given.store);
  return base && joined(context, tiers, base, (id) => all.get(id));
}

function joined(
  context: CacheContext,
  given: Tiers,
  base: Tier,
  memoryOf: (id: string, options: MemoryOptions) => KeyValueStore | undefined,
): Tier {
  const { memory, near } = given;
  const middle = near ? layered(storeOf(context, near.store), base, toSeconds(near.maxStale), context) : base;
  const nearest = memory && memoryOf(toId(given), memory);
  return nearest ? layered(nearest, middle, toSeconds(memory.maxStale), context) : middle;
}

function toId({ store, name = NAME }: Tiers): string {
  return `${name} ${store ?? ""}`;
}

/** The build includes stores by their names in options: called through another name, this one includes no others. */
export function storeOf(context: CacheContext, name: StoreName): Store {
  const { store: open } = context as { store?: Context["store"] }; // none where the build saw no name
  if (open) return open.call(context, name);
  throw new GodwitError(
    "CACHE_STORE_MISSING",
    `The cache names the store "${name}", which is not in this function: write its name as a literal.`,
  );
}

function toSeconds(text: Duration): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? [];
  const seconds = Number(amount) * (unit === "ms" ? 0.001 : unit === "m" ? 60 : 1);
  if (seconds > 0) return seconds;
  throw new GodwitError("CACHE_DURATION_INVALID", `maxStale is a time as "1s" or "500ms", not "${text}".`);
}
