/**
 * Whether a shared cache may keep a response, and on which terms (RFC 9111 section 3).
 * @module
 */
import { controlOf, toSeconds } from "./directives.ts";
import { heuristicLifetime, initialAge, isStrict, lifetimeOf, type Terms, type Times } from "./freshness.ts";

/** What the app says where responses say nothing themselves. Seconds. */
export interface StoreRules {
  ttl?: number;
  swr?: number;
  sie?: number;
  /** By status, for answers that are no success. */
  negative?: Readonly<Record<number, number>>;
  /** Section 4.2.2. */
  heuristic?: boolean;
  /** Keep responses with Set-Cookie. */
  cookies?: boolean;
  /** Lower-case names of targeted fields, the most specific first (RFC 9213 section 2.2). */
  targets: readonly string[];
}

/** Heuristically cacheable (RFC 9110 section 15.1), but 206: parts are not kept. */
const HEURISTIC = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];
/** Those that `ttl` is for. */
const SUCCESS = [200, 203, 204, 300, 301, 308];
/** Understood as `must-understand` means it (section 5.2.2.3): all that is needed to reuse them is done here. */
const UNDERSTOOD = [...HEURISTIC, 302, 303, 307, 400, 401, 403, 406, 409, 415, 422, 429, 451, 500, 502, 503, 504];

/** The terms of a complete response to GET, or the reason why it is not kept. */
export function termsOf(
  { status, headers }: Pick<Response, "status" | "headers">,
  request: Headers,
  times: Times,
  rules: StoreRules,
): Terms | string {
  const control = controlOf(headers, rules.targets);
  const { directives } = control;
  // Parts, answers to conditions and what is wrong with a range are no whole; 1xx are not final.
  if (status < 200 || [206, 304, 412, 416].includes(status)) return "status";
  // must-understand takes the place of no-store for who understands the status (section 5.2.2.3).
  if (directives.has("must-understand")) {
    if (!UNDERSTOOD.includes(status)) return "must-understand";
  } else if (directives.has("no-store")) return "no-store";
  // With field names it may be stored without those fields; not at all is also right (section 5.2.2.7).
  if (directives.has("private")) return "private";
  if ((headers.get("vary") ?? "").split(",").some((name) => name.trim() === "*")) return "vary";
  if (headers.has("set-cookie") && !rules.cookies) return "set-cookie";
  // Section 3.5.
  if (request.has("authorization") && !["must-revalidate", "public", "s-maxage"].some((name) => directives.has(name)))
    return "authorization";

  const named = lifetimeOf(headers, control, times.received);
  const lifetime = named ?? unnamed(status, headers, directives.has("public"), times.received, rules);
  const noCache = directives.has("no-cache");
  const canValidate = headers.has("etag") || headers.has("last-modified");
  const isAllowed =
    named !== undefined || lifetime !== undefined || directives.has("public") || HEURISTIC.includes(status);
  const swr = toSeconds(directives.get("stale-while-revalidate")) ?? (lifetime ? (rules.swr ?? 0) : 0);
  const sie = toSeconds(directives.get("stale-if-error")) ?? (lifetime ? (rules.sie ?? 0) : 0);
  if (!isAllowed || (!canValidate && (noCache || !(lifetime || swr || sie)))) return "no-lifetime";
  return {
    received: times.received,
    age: initialAge(headers, times),
    lifetime: lifetime ?? 0,
    swr,
    sie,
    noCache,
    strict: isStrict(directives),
  };
}

/** The lifetime of a response that names none. */
function unnamed(
  status: number,
  headers: Headers,
  isPublic: boolean,
  received: number,
  rules: StoreRules,
): number | undefined {
  // An event stream has no end to wait for.
  if (/^text\/event-stream/i.test(headers.get("content-type") ?? "")) return undefined;
  const negative = rules.negative?.[status];
  if (negative !== undefined) return negative;
  if (rules.ttl !== undefined && SUCCESS.includes(status)) return rules.ttl;
  // Nobody guesses that a cookie is everybody's.
  if (headers.has("set-cookie")) return undefined;
  return rules.heuristic && (isPublic || HEURISTIC.includes(status)) ? heuristicLifetime(headers, received) : undefined;
}

/** Seconds to keep a response for: while it can still be served, or validated. */
export function keepFor(terms: Terms, headers: Headers): number {
  const canValidate = headers.has("etag") || headers.has("last-modified");
  const after = Math.max(terms.swr, terms.sie, canValidate ? 86_400 : 60);
  return Math.min(Math.max(terms.lifetime - terms.age, 0) + after, 31_536_000);
}
