/**
 * One request that goes on to the origin, and what becomes of its answer.
 * @module
 */
import { decodedFields } from "../http/headers.ts";
import type { Context, Next } from "../types.ts";
import { type Attempting, attempt } from "./attempt.ts";
import { controlOf } from "./directives.ts";
import { type Entry, storedFields } from "./entry.ts";
import type { Flight, Flights } from "./flights.ts";
import { lifetimeOf, mayServeOnError, type Terms, type Times, type Wishes } from "./freshness.ts";
import { resolved } from "./invalidate.ts";
import { recordBody } from "./record.ts";
import type { Shelf } from "./shelf.ts";
import { keepFor, type StoreRules, termsOf } from "./storable.ts";
import { CONDITIONS, freshened, isAbout, isAsStored, updatedFields, validationHeaders } from "./validate.ts";
import { CONTENT_NAME, varyNames } from "./vary.ts";

export interface Exchange {
  request: Request;
  context: Context;
  /** Of the cache. */
  name: string;
  next: Next;
  key: string;
  /** The fields of the request that select a response, and the content of a QUERY as one of them. */
  selecting: Headers;
  /** Of a QUERY. */
  content?: Uint8Array<ArrayBuffer>;
  wishes: Wishes;
  rules: StoreRules;
  maxBytes: number;
  shelf: Shelf;
  flights: Flights;
  /** This one, as others see it. It lands here. */
  flight: Flight;
  /** The stored response that it is to replace or to prove. */
  stale?: Entry;
}

/** A stored response that answers, or a response of the origin. */
export type Outcome = { status: number } & ({ entry: Entry; why?: "error" } | { response: Response; stored: boolean });

/** Reasons that another request for the same URI will meet as well. */
const LASTING = ["no-store", "private", "vary", "set-cookie", "no-lifetime"];
/** What counts as a failing origin (RFC 5861 section 4). */
const FAILURES = [500, 502, 503, 504];

/** Asks the origin, with the validators of what is stored, and stores what may be. */
export async function exchange(given: Exchange): Promise<Outcome> {
  const { request, next, wishes, flight } = given;
  let { stale } = given;
  // What cannot be validated is asked for as if it were not there.
  const canValidate = stale?.headers.some(([name]) => name === "etag" || name === "last-modified");
  let isOpen = true;
  try {
    let requested = Date.now();
    let response = await (stale && canValidate
      ? next(asking(given, validationHeaders(request.headers, stale)))
      : next());
    if (stale && canValidate && response.status === 304 && !isAbout(response.headers, stale)) {
      // About another response than ours: what is there now is asked for without conditions.
      const headers = new Headers(request.headers);
      for (const name of [...CONDITIONS, "range"]) headers.delete(name);
      requested = Date.now();
      response = await next(asking(given, headers));
      stale = undefined;
    }
    const times = { requested, received: Date.now() };
    const { status } = response;
    if (stale && canValidate && status === 304)
      return { status, entry: await validated(given, stale, response, times) };
    if (stale && FAILURES.includes(status) && mayServeOnError(stale.terms, wishes, Date.now())) {
      response.body?.cancel().catch(() => {});
      return { status, entry: stale, why: "error" };
    }
    if (request.method === "HEAD") {
      const known = status === 200 && !wishes.noStore ? given.stale : undefined;
      const isSame = known && isAsStored(response.headers, known);
      if (known && isSame) await validated(given, known, response, times);
      else if (known && isSame === false) await forget(given, known);
      return { status, response, stored: isSame === true };
    }
    const isWhole = request.method === "GET" || request.method === "QUERY";
    const terms = isWhole && !wishes.noStore ? termsOf(response, request.headers, times, given.rules) : "method";
    if (typeof terms === "string" || Number(response.headers.get("content-length")) > given.maxBytes) {
      if (typeof terms === "string" && LASTING.includes(terms)) given.flights.noteUnshared(given.key);
      // What is there is overtaken by what may not be kept.
      const overtaken = given.stale;
      if (overtaken && status < 500 && isWhole && !wishes.noStore && terms !== "status") await forget(given, overtaken);
      return { status, response, stored: false };
    }
    isOpen = false;
    return { status, response: storing(given, response, terms), stored: true };
  } finally {
    if (isOpen) flight.land();
  }
}

/** The same behind an answer's back (RFC 5861 section 3): by a request that no client's going away ends. */
export async function renew(given: Exchange & { stale: Entry }): Promise<void> {
  const { context, flight, stale, content } = given;
  const headers = validationHeaders(given.request.headers, stale);
  const init = content ? { method: "QUERY", headers, body: content } : { headers };
  const request = new Request(given.request.url, init);
  context.signal = request.signal;
  const outcome = await exchange({ ...given, request, next: (other) => given.next(other ?? request) });
  // Without a reader it is still stored.
  if ("response" in outcome) await outcome.response.body?.cancel();
  if ("response" in outcome && outcome.stored) await flight.landed;
}

/** RFC 9110 section 9.3.3: an answer to POST that says it is what a GET would get, and for how long, is kept as that. */
export function adopted(given: Exchange, response: Response, times: Times): Response {
  const { request, rules, flight } = given;
  const { status, headers } = response;
  const named = resolved(headers.get("content-location"), request.url);
  const isExplicit = lifetimeOf(headers, controlOf(headers, rules.targets), times.received) !== undefined;
  const isForGet = status === 200 && named?.href === request.url && isExplicit;
  const terms = isForGet && termsOf(response, request.headers, times, rules);
  if (typeof terms === "object") return storing(given, response, terms);
  flight.land();
  return response;
}

/** The request with other fields, and its content once more. */
function asking({ request, content }: Exchange, headers: Headers): Request {
  return new Request(request, content ? { headers, body: content } : { headers });
}

function forget(given: Exchange, entry: Entry): Promise<void> {
  return attempt(given, () => given.shelf.forget(given.key, entry));
}

/** Sections 4.3.4 and 4.3.5: the stored response with the fields of a 304, or of the answer to a HEAD. */
async function validated(given: Exchange, stale: Entry, response: Response, times: Times): Promise<Entry> {
  const { request, rules, flight } = given;
  const headers = new Headers(updatedFields(stale, response.headers));
  const age = response.headers.get("age");
  if (age !== null) headers.set("age", age);
  if (!response.headers.has("date")) headers.set("date", new Date(times.received).toUTCString());
  const terms = termsOf({ status: stale.status, headers }, request.headers, times, rules);
  if (typeof terms === "string") {
    await forget(given, stale);
    return { ...stale, headers: storedFields(headers), terms: { ...stale.terms, received: times.received, age: 0 } };
  }
  const entry = { ...freshened(stale, headers, terms), ...variantOf(given, headers) };
  await keep(given, entry);
  flight.land(entry);
  return entry;
}

/** The response, stored while it passes through. */
function storing(given: Exchange, response: Response, terms: Terms): Response {
  const { context, maxBytes, flight, flights, key } = given;
  const { status, statusText, body } = response;
  // The bytes that are stored are those that `fetch()` has decoded.
  const headers = decodedFields(response);
  // Before anybody changes them.
  const fields = new Headers(storedFields(headers));
  // Who stores a response without Date gives it one (RFC 9110 section 6.6.1).
  if (!fields.has("date")) fields.set("date", new Date(terms.received).toUTCString());
  const length = fields.has("content-encoding") ? null : fields.get("content-length");
  let finish: () => void = () => {};
  context.waitUntil(new Promise<void>((resolve) => (finish = resolve)));
  const done = async (bytes: Uint8Array<ArrayBuffer> | undefined): Promise<void> => {
    // A body that is shorter than it says is no whole (section 3.3).
    const isWhole = bytes && (length === null || Number(length) === bytes.length);
    const make = async () =>
      isWhole && { status, statusText, headers: [...fields], terms, body: bytes, ...variantOf(given, fields) };
    // The app's `vary` may throw, here where nobody would catch it.
    const entry = await attempt(given, make);
    if (entry) await keep(given, entry);
    else flights.noteUnshared(key);
    flight.land(entry || undefined);
    finish();
  };
  if (!body) {
    void done(new Uint8Array());
    return response;
  }
  return new Response(recordBody(body, maxBytes, done), { status, statusText, headers });
}

function variantOf({ shelf, selecting, content }: Exchange, headers: Headers): Pick<Entry, "vary" | "varyNames"> {
  const names = content ? [CONTENT_NAME, ...varyNames(headers)] : varyNames(headers);
  return { varyNames: names, vary: shelf.varyOf(selecting, names) };
}

/** An invalidation that came meanwhile wins, also one that comes while this is written. */
export async function keep(
  given: Attempting & Pick<Exchange, "shelf" | "key" | "flight" | "wishes">,
  entry: Entry,
): Promise<void> {
  const { shelf, key, flight, wishes } = given;
  if (flight.isDoomed || wishes.noStore) return;
  // Nobody but those who wait for it is held up.
  await attempt(given, () => shelf.put(key, entry, keepFor(entry.terms, new Headers(entry.headers))), 10_000);
  if (flight.isDoomed) await attempt(given, () => shelf.drop(key));
}
