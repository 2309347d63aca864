/**
 * Bounds how often a client may ask.
 * @module
 */
import { GodwitError, HttpError } from "../errors.ts";
import { editHeaders } from "../http/headers.ts";
import { type Block, inBlock, parseAddress, parseBlock } from "../http/ip.ts";
import { createDenied, type Denied, waitOf } from "../rate-limit/denied.ts";
import { untilOver } from "../rate-limit/held.ts";
import { byIp, keyOf, type LimitKey, toDigest } from "../rate-limit/keys.ts";
import type { FirstLayer } from "../rate-limit/native.ts";
import { invalid, type Limit, type Policy, tellLimits, toPolicies } from "../rate-limit/policy.ts";
import { checkCost, createCounters } from "../stores/counters.ts";
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
  /**
   * Whole units that a request takes. Default 1. 0 takes nothing and passes; below 0 the request fails with
   * `RATE_LIMIT_COST_NEGATIVE`: `spent` gives back.
   */
  cost?: number | ((request: Request, context: Context) => number | Promise<number>);
  /**
   * What it has cost in truth, in whole units, once there is a Response: more is taken whatever is left, less is given
   * back. Not where the limit refused.
   */
  spent?: (response: Response, request: Request, context: Context) => number | Promise<number>;
  /** Never limited: addresses and CIDR blocks, which are those of `context.ip`, and else keys as `key` gives them. */
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
 * wherever they stand: give names to keep them apart. Units of `concurrency` are given back when the body of the Response
 * has ended or is wanted no more. Schedules are not limited. A client that was refused is refused by the instance itself
 * until it may pass, unless something is given back there. Throws `RATE_LIMIT_INVALID` for limits that cannot be counted
 * and blocks that are none; a request fails with `RATE_LIMIT_STORE_MISSING` where the store is not there or has no counters.
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
  const holds = policies.some(({ algorithm }) => algorithm.holds);
  /** Counters may be shared with other limits, a refusal is of these. */
  const refusalOf = (id: string) => `${store}:${policies.map(({ limit, burst }) => `${limit},${burst}`)}:${id}`;

  /** Undefined where the store failed. */
  async function take(id: string, units: number, context: Context, denied: Denied): Promise<Taken | undefined> {
    const known = denied.find(refusalOf(id), units) ?? (await first?.(id, context, policies.length));
    if (known) return known;
    let work: Promise<Taken> | undefined;
    try {
      work = countersOf(context, store).take(id, policies, units);
      const taken = await (store === undefined ? work : within(deadline, work));
      if (!taken.allowed) denied.remember(refusalOf(id), units, taken);
      return taken;
    } catch (error) {
      // What is wrong in the app's code is told, and lets nobody pass.
      if (!isStoreFailure(error)) throw error;
      // A store that is late may hold units for a request that counts as none.
      if (holds && work) {
        const back = async (late: Taken) => {
          if (late.allowed) await giveBack(id, context, units, 0);
        };
        context.waitUntil(work.then(back, () => {}));
      }
      context.log.warn("rate limit: the store failed", { store, onStoreError, error });
      if (onStoreError === "closed" && !dryRun) {
        throw new HttpError(503, { title: "Service Unavailable", code: "RATE_LIMIT_UNAVAILABLE" });
      }
      return undefined;
    }
  }

  /** One take: what is held, and of the other limits what was not spent, or more where more was. */
  async function giveBack(id: string, context: Context, units: number, more: number): Promise<void> {
    const rules = policies.map((policy) => ({ ...policy, cost: policy.algorithm.holds ? -units : more, force: true }));
    if (rules.every((rule) => rule.cost === 0)) return;
    if (rules.some((rule) => rule.cost < 0)) context.shared(DENIED, createDenied).forget(refusalOf(id));
    await countersOf(context, store).take(id, rules);
  }

  return async function rateLimit(request, context, next) {
    // The platform's own calls have no client, and must not be refused for one another.
    if (context.trigger !== "http") return next();
    const who = await keyOf(key, request, context);
    const refuse = (error: HttpError, fields: Record<string, unknown>) => {
      if (!dryRun) throw error;
      context.log.warn("rate limit: would refuse", { key: who, ...fields });
    };
    if (isDenied(who, context.ip)) refuse(new HttpError(403, { code: "RATE_LIMIT_DENIED" }), { denied: true });
    else if (isAllowed(who, context.ip)) return next();

    const units = typeof cost === "number" ? cost : await cost(request, context);
    // A client that could make it so would count backwards.
    if (units < 0) throw new GodwitError("RATE_LIMIT_COST_NEGATIVE", `rateLimit() was given a cost of ${units}.`);
    const id = await toId(`rl:${prefix}:${who}`);
    const denied = context.shared(DENIED, createDenied);
    const taken = await take(id, units, context, denied);
    if (taken && !taken.allowed) {
      const violated = policies.filter((_, index) => !taken.rules[index]?.allowed).map(({ name }) => name);
      refuse(toRefusal(policies, taken, violated), { violated });
    }
    let response = await next();
    if (!taken) return response;
    if (taken.allowed) {
      const count = async () => {
        if (!spent) return 0;
        try {
          const more = (await spent(response, request, context)) - units;
          checkCost(more);
          return more;
        } catch (error) {
          // What is held is given back all the same.
          context.log.error("rate limit: spent() failed", { error });
          return 0;
        }
      };
      // At once: it may look at a copy of the body.
      const counted = count();
      const settle = (over?: Promise<void>) =>
        context.waitUntil(Promise.all([counted, over]).then(([more]) => giveBack(id, context, units, more)));
      if (holds) response = untilOver(response, context.signal, settle);
      else if (spent) settle();
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
  const keys = new Set<string>();
  const blocks: Block[] = [];
  for (const rule of rules) {
    const block = parseBlock(rule);
    // An address is no key: a client that may choose its key would choose one that is on the list.
    if (block) blocks.push(block);
    else if (/^[\da-f]*[.:][\da-f.:]*\/\d+$/i.test(rule))
      throw invalid(`lists ${JSON.stringify(rule)}, which is no block`);
    else keys.add(rule);
  }
  return (key, ip) => {
    if (keys.has(key)) return true;
    const address = blocks.length > 0 && ip !== undefined ? parseAddress(ip) : undefined;
    return address !== undefined && blocks.some((block) => inBlock(address, block));
  };
}

/** A key that every store takes. */
async function toId(text: string): Promise<string> {
  // As JSON, where a lone surrogate differs from another.
  return text.length <= 160 && text.isWellFormed() ? text : `rl:${await toDigest(JSON.stringify(text))}`;
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const late = () => reject(new DOMException("The store is late.", "TimeoutError"));
    // Timers take what is more for nothing at all.
    timer = setTimeout(late, Math.min(milliseconds, 2_147_483_647));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
