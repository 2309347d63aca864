/**
 * Functions whose results are kept.
 * @module
 */
import { attempt } from "./attempt.ts";
import type { Entry } from "./entry.ts";
import { keep } from "./exchange.ts";
import { FLIGHTS, type Flight, Flights } from "./flights.ts";
import { mayServeOnError, NO_WISHES, useOf } from "./freshness.ts";
import { fit } from "./key.ts";
import { type CacheContext, NAME, openTiers, type Tiers } from "./opened.ts";
import { Shelf } from "./shelf.ts";
import { countAnswer } from "./stats.ts";
import type { CacheStatus } from "./status.ts";
import { Tags } from "./tags.ts";
import { isEarly, refresh, takeTurn } from "./turn.ts";

/** What JSON makes of a value: a Date becomes text. `never` for what it loses. */
export type Kept<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends { toJSON(): infer J }
    ? J
    : T extends bigint | symbol | Map<unknown, unknown> | Set<unknown> | ((...given: never[]) => unknown)
      ? never
      : { [Name in keyof T]: Kept<T[Name]> };

/** Arguments that tell calls apart by themselves. */
type Scalar = string | number | boolean | null | undefined;

export interface CachedOptions<A extends readonly unknown[]> extends Tiers {
  /**
   * What tells its values from those of others in the store: text, to which the arguments are added where they are
   * strings, numbers, booleans, null or undefined, or a function of the arguments for the whole.
   */
  key: (A extends readonly Scalar[] ? string : never) | ((...args: A) => string);
  /** Seconds that a result is fresh. */
  ttl: number;
  /** Seconds after those that it may be given while it is computed anew. Default 0. */
  swr?: number;
  /** Seconds that a stale result may stand in for an error. Default 0: errors reject, and are never kept. */
  sie?: number;
  /** Seconds that null and undefined are fresh. Default: `ttl`; 0 keeps none. */
  negative?: number;
  /** As those of `cache()`. */
  tags?: (...args: A) => readonly string[];
  /** As that of `cache()`. Default 5,000. */
  wait?: number;
  /** As that of `cache()`. Default 10. */
  lock?: number;
  /** As that of `cache()`. Default 0. */
  early?: number;
}

/**
 * A function whose results are kept in a store, as JSON: what the first caller gets has been JSON as well. Concurrent
 * calls with one key wait for the first, on this instance and on others. A store that fails is a miss. An error rejects,
 * and is not kept.
 *
 * @example
 * const getUser = cached(async (context: CacheContext, id: string) => load(context.env, id), {
 *   key: "user", store: "main", ttl: 60, swr: 600, tags: (id) => [`user:${id}`],
 * });
 * const user = await getUser(context, "1");
 */
export function cached<A extends readonly unknown[], R>(
  work: (context: CacheContext, ...args: A) => R | Promise<R>,
  options: CachedOptions<A>,
): (context: CacheContext, ...args: A) => Promise<Kept<R>> {
  const { name = NAME, store, ttl, swr = 0, sie = 0, negative = ttl, wait = 5_000, lock = 10, early = 0 } = options;

  return async (context, ...args) => {
    const own = typeof options.key === "function" ? options.key(...args) : `${options.key}${toText(args)}`;
    const key = await fit(`fn:${name}:${own}`);
    const flights = context.shared(FLIGHTS, () => new Flights());
    const tags = new Tags(name, options.tags?.(...args));
    const shelf = new Shelf(
      () => openTiers(context, options),
      tags,
      () => [],
    );
    const at = { context, name };
    const told = ({ body, fleeting }: Entry, status: CacheStatus): Kept<R> => {
      countAnswer(context, name, status);
      if (fleeting && "error" in fleeting) throw fleeting.error;
      return JSON.parse(new TextDecoder().decode(body)).v;
    };
    const found = await attempt(at, () => shelf.find(key, new Headers()));
    const given = { ...at, key, shelf, flights, wishes: NO_WISHES, stale: found?.entry };
    const find = () => shelf.find(key, new Headers(), true);
    const claiming = store !== undefined && lock > 0 && found ? { store, lock, find } : undefined;

    const ask = async (flight: Flight): Promise<Entry> => {
      const entry: Entry = {
        status: 200,
        statusText: "",
        headers: [],
        terms: { received: 0, age: 0, lifetime: 0, swr: 0, sie: 0, noCache: false, strict: false },
        body: new Uint8Array(),
        vary: "",
        varyNames: [],
      };
      try {
        const v = await work(context, ...args);
        entry.body = new TextEncoder().encode(JSON.stringify({ v }));
        const lifetime = v === null || v === undefined ? negative : ttl;
        if (lifetime > 0) entry.terms = { ...entry.terms, received: Date.now(), lifetime, swr, sie };
        else entry.fleeting = {};
      } catch (error) {
        entry.fleeting = { error };
      }
      const kept = entry.fleeting ? Promise.resolve() : keep({ ...given, flight }, entry);
      context.waitUntil(kept.then(() => flight.land(entry)));
      return entry;
    };

    const { stale } = given;
    const use = stale && useOf(stale.terms, NO_WISHES, Date.now());
    if (stale && use !== "validate") {
      const isDue = use === "swr" || isEarly(stale, early, Date.now());
      if (isDue && flights.canLead(key, key)) {
        const again = async (flight: Flight): Promise<void> => {
          const { fleeting } = await ask(flight);
          if (fleeting && "error" in fleeting) throw fleeting.error;
          await flight.landed;
        };
        context.waitUntil(refresh({ ...given, stale }, key, claiming, again));
      }
      return told(stale, { hit: true, ttl: use === "fresh" ? 1 : 0 });
    }
    const isFit = ({ terms, fleeting }: Entry) =>
      fleeting !== undefined || useOf(terms, NO_WISHES, Date.now()) !== "validate";
    const turn = await takeTurn(given, { id: key, isPlain: true, mayLead: true, wait, claiming, isFit });
    const isTurn = !("entry" in turn);
    const entry = isTurn ? await ask(turn.flight) : turn.entry;
    const { fleeting } = entry;
    const stood = isTurn ? turn.stale : given.stale;
    if (fleeting && "error" in fleeting && stood && mayServeOnError(stood.terms, NO_WISHES, Date.now())) {
      context.log.warn("cached() gives a stale value", { cache: name, key, error: fleeting.error });
      return told(stood, { detail: "stale-if-error" });
    }
    return told(entry, { collapsed: !isTurn, stored: isTurn && !fleeting });
  };
}

/** No two lists of scalars are equal as text: 1 is told from "1", and null from undefined. */
function toText(args: readonly unknown[]): string {
  return JSON.stringify(args, (_, value) =>
    value === undefined || typeof value === "number" ? { "": String(value) } : value,
  );
}
