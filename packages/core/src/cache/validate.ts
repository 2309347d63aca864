/**
 * Asking the origin whether a stored response still holds, and answering clients who ask that (RFC 9111 section 4.3).
 * @module
 */
import { matchesTag } from "../http/headers.ts";
import { parseDate } from "./dates.ts";
import { type Entry, storedFields } from "./entry.ts";
import type { Terms } from "./freshness.ts";

/** The fields of a request that make it conditional (RFC 9110 section 13.1). */
export const CONDITIONS: readonly string[] = [
  "if-none-match",
  "if-modified-since",
  "if-match",
  "if-unmodified-since",
  "if-range",
];

/** The fields of a request that validates: the client's without its conditions and range, with ours (section 4.3.1). */
export function validationHeaders(request: Headers, entry: Entry): Headers {
  const headers = new Headers(request);
  for (const name of [...CONDITIONS, "range"]) headers.delete(name);
  const stored = new Headers(entry.headers);
  const etag = stored.get("etag");
  const modified = stored.get("last-modified");
  if (etag) headers.set("if-none-match", etag);
  if (modified) headers.set("if-modified-since", modified);
  return headers;
}

/**
 * Whether a 304 is about this stored response (section 4.3.4): its strong tag must be ours; weak ones must be equal too,
 * and without a tag the date, where both have one. Tags are compared weakly: nginx weakens that of a gzipped 200, and
 * not that of its 304.
 */
export function isAbout(headers: Headers, entry: Entry): boolean {
  const stored = new Headers(entry.headers);
  const [etag, known] = [headers.get("etag"), stored.get("etag")];
  if (etag !== null) return known === null ? etag.startsWith("W/") : matchesTag(etag, known, "weak");
  const [modified, before] = [headers.get("last-modified"), stored.get("last-modified")];
  return modified === null || before === null || modified === before;
}

/**
 * Whether the answer to a HEAD is about this stored response (section 4.3.5): what both have of ETag, Last-Modified and
 * Content-Length must be equal. Undefined where no validator says so: equal lengths are no proof, and a page that is
 * watched by HEAD must not be kept fresh by that.
 */
export function isAsStored(headers: Headers, entry: Entry): boolean | undefined {
  const stored = new Headers(entry.headers);
  stored.set("content-length", String(entry.body.length));
  const isSame = (name: string) => !headers.has(name) || headers.get(name) === stored.get(name);
  const etag = headers.get("etag");
  if (etag !== null && !matchesTag(etag, stored.get("etag"), "weak")) return false;
  if (!isSame("last-modified") || !isSame("content-length")) return false;
  return etag !== null || headers.has("last-modified") || undefined;
}

/** Fields that describe the bytes at hand, which a 304 does not change (section 3.2). */
const OF_BODY = ["content-length", "content-encoding", "content-range"];

/** The stored fields with those of a newer response in their place (section 3.2). */
export function updatedFields(entry: Entry, headers: Headers): [string, string][] {
  const newer = storedFields(headers).filter(([name]) => !OF_BODY.includes(name));
  const names = new Set(newer.map(([name]) => name));
  return [...entry.headers.filter(([name]) => !names.has(name)), ...newer];
}

/** The stored response, refreshed by a 304 or the header of a HEAD (sections 4.3.4 and 4.3.5). */
export function freshened(entry: Entry, headers: Headers, terms: Terms): Entry {
  return { ...entry, headers: updatedFields(entry, headers), terms };
}

/** Whether the answer to a client is 304: If-None-Match, else If-Modified-Since (section 4.3.2). */
export function isNotModified(asked: Headers, { status, headers: fields, terms }: Entry): boolean {
  const tags = asked.get("if-none-match");
  const date = asked.get("if-modified-since");
  if (status !== 200 || (tags === null && date === null)) return false;
  const headers = new Headers(fields);
  if (tags !== null) return matchesTag(tags, headers.get("etag"), "weak");
  const since = parseDate(date);
  if (since === undefined) return false;
  // Without Last-Modified its Date stands in, then when it came.
  const modified = parseDate(headers.get("last-modified")) ?? parseDate(headers.get("date")) ?? terms.received;
  return modified <= since;
}
