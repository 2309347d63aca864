/**
 * A shared HTTP cache in front of what is below it (RFC 9111).
 * @module
 */
import { answerWith } from "../cache/answer.ts";
import { attempt } from "../cache/attempt.ts";
import { takeContent, withContent } from "../cache/content.ts";
import { parseDirectives } from "../cache/directives.ts";
import type { Entry } from "../cache/entry.ts";
import { adopted, type Exchange, exchange, renew } from "../cache/exchange.ts";
import { FLIGHTS, type Flight, Flights } from "../cache/flights.ts";
import { ageOf, NO_WISHES, useOf, wishesOf } from "../cache/freshness.ts";
import { invalidatedBy, isUnsafe } from "../cache/invalidate.ts";
import { keyOf, QUERIES } from "../cache/key.ts";
import { NAME, openTiers, type Tiers } from "../cache/opened.ts";
import { Shelf } from "../cache/shelf.ts";
import { countAnswer } from "../cache/stats.ts";
import { type CacheStatus, toCacheStatus } from "../cache/status.ts";
import type { StoreRules } from "../cache/storable.ts";
import { addedTags, Tags } from "../cache/tags.ts";
import { isEarly, refresh, takeTurn } from "../cache/turn.ts";
import { CONTENT_NAME } from "../cache/vary.ts";
import { HttpError } from "../errors.ts";
import { editHeaders } from "../http/headers.ts";
import type { Context, Key, Middleware } from "../types.ts";

export interface CacheOptions extends Tiers {
  /**
   * Tags of what answers a request, known before it is answered; those that only the handler knows it adds with
   * `addTags`. `invalidateTag` makes all that carry a tag a miss, with one write.
   */
  tags?: readonly string[] | ((request: Request, context: Context) => readonly string[]);
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
  /**
   * Fields that stand in the place of Cache-Control, the most specific first. Default: `<platform>-cdn-cache-control`
   * (what Cloudflare and Vercel call theirs) and `cdn-cache-control`.
   */
  targets?: readonly string[];
  /** What tells responses apart, beside Vary. Default: the URL. Undefined for a request that is not for the cache. */
  key?(request: Request, context: Context): string | undefined;
  /** What a request field that Vary names counts as. Default: the field as it is. */
  vary?(name: string, value: string | null): string | null;
  /** Longer bodies are not stored. Default 2,097,152. */
  maxBytes?: number;
  /** Milliseconds that a request waits for another one for the same, of this instance or another. Default 5,000. */
  wait?: number;
  /**
   * Seconds that one instance alone may ask the origin for a URL: a lease in the store, which two more round trips of a
   * miss take. 0: each instance asks. Default 10 where the store's driver has counters.
   */
  lock?: number;
  /**
   * Refreshes what is still fresh, by chance, the more likely the longer the origin took and the less time is left. 1 is
   * the best for an even load, more is earlier. Default 0: never.
   */
  early?: number;
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
  const { name = NAME, store, lock = 10, early = 0, maxBytes = 2_097_152, wait = 5_000, key: ownKey, vary } = options;

  return async function cache(request, context, next) {
    // What a platform's clock starts wants to run.
    if (context.trigger !== "http") return next();
    const { targets = [`${context.platform.name}-cdn-cache-control`, "cdn-cache-control"] } = options;
    const rules: StoreRules = { ...options, targets };
    const flights = context.shared(FLIGHTS, () => new Flights());
    const tags = new Tags(name, typeof options.tags === "function" ? options.tags(request, context) : options.tags);
    const shelf = new Shelf(
      () => openTiers(context, options),
      tags,
      () => addedTags(context),
      vary,
    );
    const at = { context, name };
    const told = (response: Response, status: CacheStatus) => {
      countAnswer(context, name, status);
      return editHeaders(response, (headers) => headers.append("cache-status", toCacheStatus(name, status)));
    };
    const served = (entry: Entry, status: CacheStatus) => {
      const now = Date.now();
      return told(answerWith(entry, request, now), { ...status, ttl: entry.terms.lifetime - ageOf(entry.terms, now) });
    };
    const { method, headers } = request;
    // No fragment: servers get none.
    const uri = ownKey ? ownKey(request, context) : request.url.split("#", 1)[0];

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
          await attempt(at, () => shelf.drop(key));
        }),
      );
      if (method !== "POST" || uri === undefined) return told(response, { fwd: "method" });
      const key = await keyOf(name, uri);
      const wishes = wishesOf(headers, parseDirectives(headers.get("cache-control")));
      const given = { request, ...at, next, key, selecting: headers, wishes, rules, maxBytes, shelf, flights };
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
    const own = `${store}:${key}`;
    if (isNested(context, own)) return next(asked.request);
    const wishes = wishesOf(headers, parseDirectives(headers.get("cache-control")));
    // A memory alone is never late, and a timer costs as much as it does.
    const deadline = (store ?? options.near) ? undefined : 0;
    const found = await attempt(at, () => shelf.find(key, selecting), deadline);
    const stale = found?.entry;
    const detail = found ? (found.isInvalidated ? "invalidated" : undefined) : "store-error";
    const use = stale && useOf(stale.terms, wishes, Date.now());
    const id = own + (found?.variant ?? "") + (content ? selecting.get(CONTENT_NAME) : "");
    const given = {
      request: asked.request,
      ...at,
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

    // Where the store has failed already it is not asked for a lease as well.
    const find = () => shelf.find(key, selecting, true);
    const claiming = store !== undefined && lock > 0 && found ? { store, lock, find } : undefined;

    if (stale && use !== "validate") {
      const isDue = use === "swr" || (use === "fresh" && isEarly(stale, early, Date.now()));
      if (isDue && flights.canLead(id, key)) {
        const again = (flight: Flight) => renew({ ...given, flight, stale });
        context.waitUntil(refresh({ ...given, stale }, id, claiming, again));
      }
      return served(stale, { hit: true });
    }
    // Section 5.2.1.7.
    if (wishes.onlyIfCached) {
      const headers = { "cache-status": toCacheStatus(name, { detail: detail ?? "only-if-cached" }) };
      throw new HttpError(504, { title: "Gateway Timeout", code: "NOT_CACHED", headers });
    }
    const isAsked = stale && useOf(stale.terms, NO_WISHES, Date.now()) === "fresh";
    const isStale = stale ?? found?.isInvalidated;
    const fwd = isAsked ? "request" : isStale ? "stale" : found?.isVaried ? "vary-miss" : found ? "uri-miss" : "miss";

    const isFit = ({ terms, vary, varyNames }: Entry) =>
      vary === shelf.varyOf(selecting, varyNames) && useOf(terms, wishes, Date.now()) !== "validate";
    // Whoever asks for the origin's word, or for a part, goes alone.
    const isPlain = !isAsked && !wishes.noStore && !headers.has("range") && !headers.has("authorization");
    const isConditional = headers.has("if-none-match") || headers.has("if-modified-since");
    const mayLead = method !== "HEAD" && (stale !== undefined || !isConditional);
    const turn = await takeTurn(given, { id, isPlain, mayLead, wait, claiming, isFit });
    if ("entry" in turn) return served(turn.entry, { fwd, collapsed: true, detail });
    const outcome = await exchange({ ...given, ...turn });
    const status: CacheStatus = { fwd, fwdStatus: outcome.status, detail };
    if ("response" in outcome) return told(outcome.response, { ...status, stored: outcome.stored });
    return served(
      outcome.entry,
      outcome.why ? { ...status, detail: "stale-if-error" } : { ...status, stored: !wishes.noStore },
    );
  };
}

/** Bytes of a QUERY that are read to find its answer. */
const MOST_CONTENT = 65_536;

const ACTIVE: Key<Set<string>> = { name: "cache active" };

/** A cache below another one of the same name and store would wait for itself: the outer one does the work of both. */
function isNested(context: Context, id: string): boolean {
  const active = context.get(ACTIVE) ?? new Set();
  const isNested = active.has(id);
  context.set(ACTIVE, active.add(id));
  return isNested;
}
