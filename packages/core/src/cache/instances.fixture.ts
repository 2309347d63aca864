/**
 * Instances of an app behind a cache, and stores that tell what was asked of them.
 * @module
 */
import { setImmediate as turn } from "node:timers/promises";
import { appOf, execution, ORIGIN } from "../app.fixture.ts";
import { type CacheOptions, cache } from "../middleware/cache.ts";
import { openStores } from "../stores/open.ts";
import type { Store } from "../stores/store.ts";
import type { Context, Handler } from "../types.ts";

export type Stores = Record<string, Store>;

/** What a context's `store` is, for these. */
export function storesOf(stores: Stores) {
  return openStores(Object.fromEntries(Object.entries(stores).map(([name, store]) => [name, { open: () => store }])));
}

/** The calls of a store's methods, and of leases, in order, by what they were for. */
export function watched(store: Store): { store: Store; calls: string[]; take(): string[] } {
  const calls: string[] = [];
  const watch = <T>(call: string, work: () => T): T => {
    calls.push(call);
    return work();
  };
  const on = <T>(method: string, key: string, work: () => T): T =>
    watch(`${method} ${key.split(":")[0]}${key.includes("~") ? "~" : ""}`, work);
  const { counters } = store;
  const lease = async (key: string, ttl: number) => {
    const lease = await counters?.lease(key, ttl);
    return lease && { token: lease.token, release: () => watch("release", () => lease.release()) };
  };
  const watching: Store = {
    get: (key) => on("get", key, () => store.get(key)),
    set: (key, ...rest) => on("set", key, () => store.set(key, ...rest)),
    delete: (key) => on("delete", key, () => store.delete(key)),
    list: (options) => watch("list", () => store.list(options)),
    ...(counters && { counters: { take: counters.take, lease: (...given) => watch("lease", () => lease(...given)) } }),
  };
  return { store: watching, calls, take: () => calls.splice(0) };
}

export interface Instance {
  /** How often the handler was asked. */
  readonly asked: number;
  /** Status, body and Cache-Status, once what is done in `waitUntil` is done. */
  ask(path?: string, headers?: HeadersInit): Promise<string>;
  /** Runs with a context of this instance. */
  within<T>(work: (context: Context) => Promise<T>): Promise<T>;
}

/** One instance. What is below `/within/` is no handler's, nor the cache's. */
export function instanceOf(
  handler: (count: number, context: Context, request: Request) => Response | Promise<Response>,
  options: CacheOptions = {},
  stores?: Stores,
  platform = "test",
): Instance {
  let asked = 0;
  const inside: ((context: Context) => Promise<void>)[] = [];
  const counting: Handler = async (request, context) => {
    const [, index] = request.url.split("/within/");
    if (index === undefined) return handler(++asked, context, request);
    await inside[Number(index)]?.(context);
    return new Response();
  };
  const caching = cache({ key: ({ url }) => (url.includes("/within/") ? undefined : url), ...options });
  const app = appOf(counting, [caching], stores ? { stores: storesOf(stores) } : {});
  const fetch = async (path: string, headers?: HeadersInit) => {
    const work: Promise<unknown>[] = [];
    const given = execution({
      waitUntil: (promise) => void work.push(promise),
      platform: { name: platform, raw: undefined },
    });
    const response = await app.fetch(new Request(ORIGIN + path, { headers }), given);
    const text = await response.text();
    for (const one of work) await one;
    await turn();
    return `${response.status} ${text} | ${response.headers.get("cache-status")}`;
  };
  return {
    get asked() {
      return asked;
    },
    ask: (path = "/", headers) => fetch(path, headers),
    async within<T>(work: (context: Context) => Promise<T>): Promise<T> {
      let outcome: () => T = () => {
        throw new Error("never run");
      };
      const index = inside.push(async (context) => {
        try {
          const value = await work(context);
          outcome = () => value;
        } catch (error) {
          outcome = () => {
            throw error;
          };
        }
      });
      await fetch(`/within/${index - 1}`);
      return outcome();
    },
  };
}

/** Answers its count, fresh for a minute. */
export const counted = (count: number) => new Response(`${count}`, { headers: { "cache-control": "max-age=60" } });
