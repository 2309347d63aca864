/**
 * A shared HTTP cache in front of what is below it (RFC 9111).
 * @module
 */
import { answerWith } from "../cache/answer.ts";
import { takeContent, withContent } from "../cache/content.ts";
import { parseDirectives } from "../cache/directives.ts";
import type { Entry } from "../cache/entry.ts";
import { adopted, attempt, type Exchange, exchange } from "../cache/exchange.ts";
import { Flights, landedWithin } from "../cache/flights.ts";
import { ageOf, useOf, type Wishes, wishesOf } from "../cache/freshness.ts";
import { invalidatedBy, isUnsafe } from "../cache/invalidate.ts";
import { keyOf } from "../cache/key.ts";
import { Shelf } from "../cache/shelf.ts";
import { type CacheStatus, toCacheStatus } from "../cache/status.ts";
import type { StoreRules } from "../cache/storable.ts";
import { validationHeaders } from "../cache/validate.ts";
import { CONTENT_NAME } from "../cache/vary.ts";
import { GodwitError, HttpError } from "../errors.ts";
import { editHeaders } from "../http/headers.ts";
import { open } from "../stores/memory.ts";
import type { KeyValueStore } from "../stores/store.ts";
import type { Context, Key, Middleware, StoreName } from "../types.ts";

export interface CacheOptions {
  /**
   * The store of the config where responses are kept, its name as a literal, so that the build sees it. Default: the
   * memory of the instance, 16 MB.
   */
  store?: StoreName;
  /** A token: names the cache in Cache-Status, and apart from others in one store. Default `godwit`. */
  name?: string;
  /** Seconds that a success (200, 203, 204, 300, 301, 308) is fresh which does not say so itself. Default: not at all. */
  ttl?: number;
  /** Seconds after those that a response may be served while it is refreshed, where it does not say so itself. Default 0. */
  swr?: number;
  /** Seconds that a stale response may stand in for a 500, 502, 503 or 504, where it does not say so itself. Default 0. */
  sie?: number;
  /** Seconds that other answers are fresh which do not say so themselves, by status: `{ 404: 10 }`. Default: none. */
  negative?: Readonly<Record<number, number>>;
  /** Takes a tenth of the time since Last-Modified for the lifetime of what names none (section 4.2.2). Default false. */
  heuristic?: boolean;
  /** Stores responses with Set-Cookie: every client gets the same. Default false. */
  cookies?: boolean;
  /** Fields that stand in the place of Cache-Control, the most specific first. Default `["cdn-cache-control"]`. */
  targets?: readonly string[];
  /** What tells responses apart, beside Vary. Default: the URL. Undefined for a request that is not for the cache. */
  key?(request: Request, context: Context): string | undefined;
  /** What a request field that Vary names counts as. Default: the field as it is. */
  vary?(name: string, value: string | null): string | null;
  /** Longer bodies are not stored. Default 2,097,152. */
  maxBytes?: number;
  /** Milliseconds that a request waits for another one for the same. Default 5,000. */
  wait?: number;
}

/**
 * Stores whole answers to GET and QUERY, and answers them and HEAD: with all of it, a range, or 304. What is stored, for how
 * long, and when the origin is asked first is what the responses and requests say by RFC 9111 (Cache-Control, Expires,
 * Vary, Authorization, validators), RFC 5861 (stale-while-revalidate, stale-if-error) and RFC 9213 (CDN-Cache-Control);
 * the options speak where a response does not. Answers to unsafe methods invalidate. Concurrent misses for one URL wait
 * for the first. Every answer has a Cache-Status (RFC 9211). A store that fails is a miss, with `detail=store-error`
 * there and a line in the log. Codes: `NOT_CACHED` (504) for `only-if-cached`.
 *
 * @example export default cache({ store: "main", ttl: 60, swr: 600 }); // routes/_middleware.ts
 */
export function cache(options: CacheOptions = {}): Middleware {
  const { store, name = "godwit", maxBytes = 2_097_152, wait = 5_000, key: ownKey, vary } = options;
  const targets = (options.targets ?? ["cdn-cache-control"]).map((target) => target.toLowerCase());
  const rules: StoreRules = { ...options, targets };
  const FLIGHTS: Key<Flights> = { name: "cache flights" };
  const MEMORY: Key<KeyValueStore> = { name: "cache memory" };

  const told = (response: Response, status: CacheStatus) =>
    editHeaders(response, (headers) => headers.append("cache-status", toCacheStatus(name, status)));

  const served = (entry: Entry, request: Request, status: CacheStatus) => {
    const now = Date.now();
    return told(answerWith(entry, request, now), { ...status, ttl: entry.terms.lifetime - ageOf(entry.terms, now) });
  };

  return async function cache(request, context, next) {
    // What a platform's clock starts wants to run.
    if (context.trigger !== "http") return next();
    const flights = context.shared(FLIGHTS, () => new Flights());
    const shelf = new Shelf(
      () => (store === undefined ? context.shared(MEMORY, () => open()) : storeOf(context, store)),
      vary,
    );
    const { method, headers } = request;
    const uri = ownKey ? ownKey(request, context) : request.url;

    const isQuery = method === "QUERY";

    if (method !== "GET" && method !== "HEAD" && !isQuery) {
      const requested = Date.now();
      const response = await next();
      if (!isUnsafe(method)) return told(response, { fwd: "method" });
      const times = { requested, received: Date.now() };
      const changed = invalidatedBy(request.url, uri, response).flatMap((each) => [each, QUERIES + each]);
      await Promise.all(
        changed.map(async (each) => {
          const key = await keyOf(name, each);
          flights.doom(key);
          await attempt({ context }, () => shelf.drop(key));
        }),
      );
      if (method !== "POST" || uri === undefined) return told(response, { fwd: "method" });
      const key = await keyOf(name, uri);
      const wishes = wishesOf(headers, parseDirectives(headers.get("cache-control")));
      const given = { request, context, next, key, selecting: headers, wishes, rules, maxBytes, shelf, flights };
      const kept = adopted({ ...given, flight: flights.begin(key) }, response, times);
      return told(kept, { fwd: "method", stored: kept !== response });
    }
    // If-Match and If-Unmodified-Since are the origin's to weigh (RFC 9110 section 13.1.1).
    if (uri === undefined || headers.has("if-match") || headers.has("if-unmodified-since"))
      return told(await next(), { fwd: "bypass" });

    const asked = isQuery ? await takeContent(request, MOST_CONTENT) : { request };
    const { content } = asked;
    if (isQuery && !content) return told(await next(asked.request), { fwd: "bypass" });
    const selecting = content ? await withContent(headers, content) : headers;
    const key = await keyOf(name, content ? QUERIES + uri : uri);
    const wishes = wishesOf(headers, parseDirectives(headers.get("cache-control")));
    const found = await attempt({ context }, () => shelf.find(key, selecting));
    const stale = found?.entry;
    const detail = found ? undefined : "store-error";
    const use = stale && useOf(stale.terms, wishes, Date.now());
    const id = key + (found?.variant ?? "") + (content ? selecting.get(CONTENT_NAME) : "");
    const given = {
      request: asked.request,
      context,
      next: content ? (other) => next(other ?? asked.request) : next,
      key,
      selecting,
      ...(content && { content }),
      wishes,
      rules,
      maxBytes,
      shelf,
      flights,
      stale,
    } satisfies Omit<Exchange, "flight">;

    if (stale && use !== "validate") {
      const response = served(stale, request, { hit: true });
      if (use === "swr" && flights.canLead(id, key)) {
        context.waitUntil(refresh({ ...given, flight: flights.begin(key, id), stale }));
      }
      return response;
    }
    // Section 5.2.1.7.
    if (wishes.onlyIfCached) {
      const headers = { "cache-status": toCacheStatus(name, { detail: detail ?? "only-if-cached" }) };
      throw new HttpError(504, { title: "Gateway Timeout", code: "NOT_CACHED", headers });
    }
    const isAsked = stale && useOf(stale.terms, NO_WISHES, Date.now()) === "fresh";
    const fwd = isAsked ? "request" : stale ? "stale" : found?.isVaried ? "vary-miss" : found ? "uri-miss" : "miss";

    // Whoever asks for the origin's word, or for a part, goes alone.
    const isPlain = !isAsked && !wishes.noStore && !headers.has("range") && !headers.has("authorization");
    const other = isPlain ? flights.leading(id) : undefined;
    if (other) {
      const entry = await landedWithin(other, wait);
      const isFit = entry && entry.vary === shelf.varyOf(selecting, entry.varyNames);
      if (isFit && useOf(entry.terms, wishes, Date.now()) !== "validate")
        return served(entry, request, { fwd, collapsed: true, detail });
      // Whatever holds it up must not hold up who comes next.
      flights.leave(other);
    }
    const isConditional = headers.has("if-none-match") || headers.has("if-modified-since");
    const canLead = isPlain && method !== "HEAD" && (stale || !isConditional) && !other && flights.canLead(id, key);
    const flight = flights.begin(key, canLead ? id : undefined);
    const outcome = await exchange({ ...given, flight });
    const status: CacheStatus = { fwd, fwdStatus: outcome.status, detail };
    if ("response" in outcome) return told(outcome.response, { ...status, stored: outcome.stored });
    return served(
      outcome.entry,
      request,
      outcome.why ? { ...status, detail: "stale-if-error" } : { ...status, stored: !wishes.noStore },
    );
  };
}

/** The build includes stores by their names in options: called through another name, this one includes no others. */
function storeOf(context: Context, name: StoreName): KeyValueStore {
  const { store: open } = context as { store?: Context["store"] }; // none where the build saw no name
  if (open) return open.call(context, name);
  throw new GodwitError(
    "CACHE_STORE_MISSING",
    `cache() names the store "${name}", which is not in this function: write its name as a literal.`,
  );
}

/** Before a URI, in the key of what answers QUERY. */
const QUERIES = "QUERY:";
/** Bytes of a QUERY that are read to find its answer. */
const MOST_CONTENT = 65_536;
const NO_WISHES: Wishes = { noCache: false, noStore: false, onlyIfCached: false };

/** Section 3 of RFC 5861: behind the answer's back, by a request that no client's going away ends. */
async function refresh(given: Exchange & { stale: Entry }): Promise<void> {
  const { context, flight, stale } = given;
  const headers = validationHeaders(given.request.headers, stale);
  const init = given.content ? { method: "QUERY", headers, body: given.content } : { headers };
  const request = new Request(given.request.url, init);
  context.signal = request.signal;
  try {
    const outcome = await exchange({ ...given, request, next: (other) => given.next(other ?? request) });
    // Without a reader it is still stored.
    if ("response" in outcome) await outcome.response.body?.cancel();
    if ("response" in outcome && outcome.stored) await flight.landed;
  } finally {
    flight.land();
  }
}
