/**
 * Bounds how often a client may ask.
 * @module
 */
import { GodwitError, HttpError } from "../errors.ts";
import { editHeaders } from "../http/headers.ts";
import { inBlock, parseAddress, parseBlock } from "../http/ip.ts";
import { createDenied, type Denied, waitOf } from "../rate-limit/denied.ts";
import { byIp, type LimitKey, toDigest } from "../rate-limit/keys.ts";
import type { FirstLayer } from "../rate-limit/native.ts";
import { type Limit, type Policy, tellLimits, toPolicies } from "../rate-limit/policy.ts";
import { createCounters } from "../stores/counters.ts";
import { isStoreFailure } from "../stores/remote.ts";
import type { CounterStore, Taken } from "../stores/store.ts";
import type { Context, Key, Middleware, StoreName } from "../types.ts";

export interface RateLimitOptions {
  /** A request must pass all of them, or takes from none. */
  limits: readonly Limit[];
  /**
   * A store of the config whose driver has counters, its name as a literal, so that the build sees it. Default: the
   * memory of each instance, which knows nothing of the others.
   */
  store?: StoreName;
  /** Asked before the limits, so that a flood costs the store nothing: `native("BINDING")`. Default: nobody. */
  first?: FirstLayer;
  /** Who is counted. Default `byIp`. */
  key?: LimitKey;
  /** Whole units that a request takes. Default 1. 0 takes nothing and passes. */
  cost?: number | ((request: Request, context: Context) => number | Promise<number>);
  /**
   * What it has cost in truth, in whole units, once there is a Response: more is taken whatever is left, less is given
   * back. Not where the limit refused.
   */
  spent?: (response: Response, request: Request, context: Context) => number | Promise<number>;
  /** Never limited: addresses, CIDR blocks, and keys as `key` gives them. */
  allow?: readonly string[];
  /** Always refused, with 403; stronger than `allow`. */
  deny?: readonly string[];
  /** Refuses nobody, sends no fields, and writes a log line where it would have refused. Default false. */
  dryRun?: boolean;
  /** When the store fails or is late: `"open"` lets requests pass, `"closed"` answers 503. Default `"open"`. */
  onStoreError?: "open" | "closed";
  /** Milliseconds that the store has. Default 500. */
  deadline?: number;
}

const COUNTERS: Key<CounterStore> = { name: "rate-limit counters" };
const DENIED: Key<Denied> = { name: "rate-limit denied" };

/**
 * Answers 429 with a problem document (code `RATE_LIMITED`), `Retry-After` and the fields `RateLimit` and
 * `RateLimit-Policy`, which are on every answer. Limits of the same names, algorithms and windows share their counters
 * wherever they stand: give names to keep them apart. Units of `concurrency` are given back when there is a Response; a
 * body may stream longer. Schedules are not limited. A client that was refused is refused by the instance itself until it may pass, unless something
 * is given back there. Throws `RATE_LIMIT_INVALID` for limits that cannot be counted; a request fails with
 * `RATE_LIMIT_STORE_MISSING` where the store is not there or has no counters.
 *
 * @example
 * export default rateLimit({ store: "main", limits: [{ algorithm: slidingWindow, limit: 100, window: 60_000 }] });
 */
export function rateLimit(options: RateLimitOptions): Middleware {
  const { store, first, key = byIp, cost = 1, spent, dryRun = false, onStoreError = "open", deadline = 500 } = options;
  const policies = toPolicies(options.limits);
  const isAllowed = toList(options.allow);
  const isDenied = toList(options.deny);
  const prefix = policies.map(({ name, algorithm, window }) => `${name},${algorithm.name},${window}`).join(";");

  /** Undefined where the store failed. */
  async function take(id: string, units: number, context: Context, denied: Denied): Promise<Taken | undefined> {
    const known = denied.find(`${store}:${id}`, units) ?? (await first?.(id, context, policies.length));
    if (known) return known;
    try {
      const work = countersOf(context, store).take(id, policies, units);
      const taken = await (store === undefined ? work : within(deadline, work));
      if (!taken.allowed) denied.remember(`${store}:${id}`, units, taken);
      return taken;
    } catch (error) {
      // What is wrong in the app's code is told, and lets nobody pass.
      if (!isStoreFailure(error)) throw error;
      context.log.warn("rate limit: the store failed", { store, onStoreError, error });
      if (onStoreError === "closed" && !dryRun) {
        throw new HttpError(503, { title: "Service Unavailable", code: "RATE_LIMIT_UNAVAILABLE" });
      }
      return undefined;
    }
  }

  return async function rateLimit(request, context, next) {
    // The platform's own calls have no client, and must not be refused for one another.
    if (context.trigger !== "http") return next();
    const who = (await key(request, context)) ?? byIp(request, context);
    const refuse = (error: HttpError, fields: Record<string, unknown>) => {
      if (!dryRun) throw error;
      context.log.warn("rate limit: would refuse", { key: who, ...fields });
    };
    if (isDenied(who, context.ip)) refuse(new HttpError(403, { code: "RATE_LIMIT_DENIED" }), { denied: true });
    else if (isAllowed(who, context.ip)) return next();

    const units = typeof cost === "number" ? cost : await cost(request, context);
    const id = await toId(`rl:${prefix}:${who}`);
    const denied = context.shared(DENIED, createDenied);
    const taken = await take(id, units, context, denied);
    if (taken && !taken.allowed) {
      const violated = policies.filter((_, index) => !taken.rules[index]?.allowed).map(({ name }) => name);
      refuse(toRefusal(policies, taken, violated), { violated });
    }
    const response = await next();
    if (!taken) return response;
    if (taken.allowed) {
      const settle = async () => {
        let more = 0;
        try {
          if (spent) more = (await spent(response, request, context)) - units;
        } catch (error) {
          // What is held is given back all the same.
          context.log.error("rate limit: spent() failed", { error });
        }
        const rules = policies.map((policy) => ({
          ...policy,
          cost: policy.algorithm.holds ? -units : more,
          force: true,
        }));
        if (rules.every((rule) => rule.cost === 0)) return;
        if (rules.some((rule) => rule.cost < 0)) denied.forget(`${store}:${id}`);
        await countersOf(context, store).take(id, rules);
      };
      context.waitUntil(settle());
    }
    return dryRun ? response : editHeaders(response, (headers) => tellLimits(headers, policies, taken));
  };
}

/** The build includes stores by their names in options: called through another name, this one includes no others. */
function countersOf(context: Context, name: StoreName | undefined): CounterStore {
  if (name === undefined) {
    return context.shared(COUNTERS, () => createCounters({ maxEntries: 10_000, maxBytes: 4_194_304 }));
  }
  const { store: open } = context as { store?: Context["store"] }; // none where the build saw no name
  const counters = open?.(name).counters;
  if (counters) return counters;
  throw new GodwitError(
    "RATE_LIMIT_STORE_MISSING",
    `rateLimit() names the store "${name}", which ${open ? "has no counters: give it a driver that has" : "is not in this function: write its name as a literal"}.`,
  );
}

function toRefusal(policies: readonly Policy[], taken: Taken, violated: string[]): HttpError {
  const headers = new Headers({ "retry-after": String(Math.max(1, Math.ceil(waitOf(taken) / 1000))) });
  tellLimits(headers, policies, taken);
  return new HttpError(429, {
    type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
    title: "Too Many Requests",
    code: "RATE_LIMITED",
    headers,
    extensions: { "violated-policies": violated },
  });
}

function toList(rules: readonly string[] = []): (key: string, ip: string | undefined) => boolean {
  const keys = new Set(rules);
  const blocks = rules.map(parseBlock).filter((block) => block !== undefined);
  return (key, ip) => {
    if (keys.has(key)) return true;
    const address = blocks.length > 0 && ip !== undefined ? parseAddress(ip) : undefined;
    return address !== undefined && blocks.some((block) => inBlock(address, block));
  };
}

/** A key that every store takes. */
async function toId(text: string): Promise<string> {
  return text.length <= 160 && text.isWellFormed() ? text : `rl:${await toDigest(text)}`;
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException("The store is late.", "TimeoutError")), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
