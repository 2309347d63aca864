/**
 * How long a response is fresh, how old it is, and what may be done with it when it is stale (RFC 9111 section 4.2).
 * @module
 */
import { parseDate } from "./dates.ts";
import { type Control, type Directives, toSeconds } from "./directives.ts";

/** When an exchange began and when its header was there: milliseconds since 1970. */
export interface Times {
  requested: number;
  received: number;
}

/** Seconds, all of them. What is kept with a response, so that a hit parses no field. */
export interface Terms {
  /** When the header was there, in milliseconds since 1970. */
  received: number;
  /** Its age at that moment: corrected_initial_age. */
  age: number;
  lifetime: number;
  /** After that, how long it may be served while it is refreshed (RFC 5861 section 3). */
  swr: number;
  /** After that, how long it may be served when the origin fails (RFC 5861 section 4). */
  sie: number;
  /** `no-cache`: never served without validation. */
  noCache: boolean;
  /** Must not be served stale, whatever the request says (section 4.2.4). */
  strict: boolean;
}

/**
 * Seconds of freshness that the response names itself (section 4.2.1): s-maxage, max-age, then Expires. Undefined where
 * it names none; 0 for a value that cannot be understood.
 */
export function lifetimeOf(
  headers: Headers,
  { directives, isTargeted }: Control,
  received: number,
): number | undefined {
  for (const name of ["s-maxage", "max-age"]) {
    const value = directives.get(name);
    if (value !== undefined) return toSeconds(value) ?? 0;
  }
  const expires = headers.get("expires");
  if (isTargeted || expires === null) return undefined;
  const until = parseDate(expires);
  // Section 5.3: an invalid date, "0" above all, is in the past.
  return until === undefined ? 0 : Math.max(0, (until - (parseDate(headers.get("date")) ?? received)) / 1000);
}

/** Section 4.2.2: a tenth of the time since it was last modified, a day at most. Undefined without Last-Modified. */
export function heuristicLifetime(headers: Headers, received: number): number | undefined {
  const modified = parseDate(headers.get("last-modified"));
  if (modified === undefined) return undefined;
  const since = (parseDate(headers.get("date")) ?? received) - modified;
  return Math.min(Math.max(since / 10_000, 0), 86_400);
}

/** The Age field (section 5.1): the first of a list; what is no number is ignored. */
export function ageField(headers: Headers): number {
  return toSeconds(headers.get("age")?.split(",")[0]?.trim()) ?? 0;
}

/** corrected_initial_age of section 4.2.3. */
export function initialAge(headers: Headers, { requested, received }: Times): number {
  const date = parseDate(headers.get("date"));
  const apparent = date === undefined ? 0 : Math.max(0, (received - date) / 1000);
  return Math.max(apparent, ageField(headers) + (received - requested) / 1000);
}

/** current_age of section 4.2.3. */
export function ageOf({ age, received }: Terms, now: number): number {
  return age + Math.max(0, now - received) / 1000;
}

/** Section 4.2.4: must-revalidate, and for a shared cache proxy-revalidate and s-maxage (section 5.2.2.10). */
export function isStrict(directives: Directives): boolean {
  return ["must-revalidate", "proxy-revalidate", "s-maxage"].some((name) => directives.has(name));
}

/** What a request says of the responses that it takes (section 5.2.1). */
export interface Wishes {
  noCache: boolean;
  noStore: boolean;
  onlyIfCached: boolean;
  maxAge?: number;
  minFresh?: number;
  /** Infinity without a value. */
  maxStale?: number;
  staleIfError?: number;
}

/** Of a request that says nothing. */
export const NO_WISHES: Wishes = { noCache: false, noStore: false, onlyIfCached: false };

export function wishesOf(headers: Headers, directives: Directives): Wishes {
  if (directives.size === 0 && !headers.has("pragma")) return NO_WISHES;
  const seconds = (name: string) => toSeconds(directives.get(name));
  const maxStale = directives.get("max-stale") === true ? Number.POSITIVE_INFINITY : seconds("max-stale");
  const given = {
    maxAge: seconds("max-age"),
    minFresh: seconds("min-fresh"),
    maxStale,
    staleIfError: seconds("stale-if-error"),
  };
  return {
    // Section 5.4: Pragma counts where there is no Cache-Control.
    noCache:
      directives.has("no-cache") ||
      (!headers.has("cache-control") && /\bno-cache\b/i.test(headers.get("pragma") ?? "")),
    noStore: directives.has("no-store"),
    onlyIfCached: directives.has("only-if-cached"),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

/** `fresh` may be served, `swr` may be while it is refreshed, `validate` not without the origin. */
export type Use = "fresh" | "stale" | "swr" | "validate";

/** Whether a stored response may answer a request without the origin (sections 4 and 4.2.4). */
export function useOf(terms: Terms, wishes: Wishes, now: number): Use {
  const age = ageOf(terms, now);
  const left = terms.lifetime - age;
  if (terms.noCache || wishes.noCache || (wishes.maxAge !== undefined && age > wishes.maxAge)) return "validate";
  if (left > 0) return left >= (wishes.minFresh ?? 0) ? "fresh" : "validate";
  if (terms.strict || wishes.minFresh !== undefined) return "validate";
  if (wishes.maxStale !== undefined && -left <= wishes.maxStale) return "stale";
  return terms.swr > 0 && -left <= terms.swr ? "swr" : "validate";
}

/** Whether it may answer when the origin failed (RFC 5861 section 4: both sides may ask for it). */
export function mayServeOnError(terms: Terms, wishes: Wishes, now: number): boolean {
  const late = ageOf(terms, now) - terms.lifetime;
  return !terms.noCache && !terms.strict && late <= Math.max(terms.sie, wishes.staleIfError ?? 0);
}
