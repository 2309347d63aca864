/**
 * Answers a request with a stored response (RFC 9111 sections 4 and 4.3.2).
 * @module
 */
import type { Entry } from "./entry.ts";
import { ageOf } from "./freshness.ts";
import { rangeOf } from "./range.ts";
import { isNotModified } from "./validate.ts";

/** Fields about a content that is not sent with a 304 (RFC 9110 section 15.4.5). */
const OF_CONTENT = ["content-type", "content-length", "content-encoding", "content-language", "content-range"];
const LENGTH = ["content-length"];
const WITHOUT_BODY = [204, 205, 304];

/** The whole, a part, 304 or 416. Its Age is that of now (section 5.1). */
export function answerWith(entry: Entry, request: Request, now: number): Response {
  const { status, statusText, body } = entry;
  const asked = request.headers;
  const fields: [string, string][] = [["age", String(Math.floor(ageOf(entry.terms, now)))]];
  const without = (names: readonly string[]) => fields.push(...entry.headers.filter(([name]) => !names.includes(name)));
  if (isNotModified(asked, entry)) {
    without(OF_CONTENT);
    return new Response(null, { status: 304, headers: toInit(fields) });
  }
  if (WITHOUT_BODY.includes(status)) {
    without([]);
    return new Response(null, { status, statusText, headers: toInit(fields) });
  }

  const isHead = request.method === "HEAD";
  const range =
    status === 200 && !isHead && asked.has("range") && rangeOf(asked, new Headers(entry.headers), body.length);
  if (range === "unsatisfiable") {
    // Whoever keeps this one must not take it for the answer to other requests.
    without([...OF_CONTENT, "expires", "etag", "last-modified"]);
    const headers = new Headers(fields.filter(([name]) => !name.endsWith("cache-control")));
    headers.set("content-range", `bytes */${body.length}`);
    headers.set("cache-control", "no-store");
    return new Response(null, { status: 416, headers });
  }
  without(LENGTH);
  if (range) {
    const [start, end] = range;
    fields.push(["content-range", `bytes ${start}-${end}/${body.length}`]);
    fields.push(["content-length", String(end - start + 1)]);
    return new Response(body.subarray(start, end + 1), { status: 206, headers: toInit(fields) });
  }
  fields.push(["content-length", String(body.length)]);
  // Without a body there is no type either, as in the answer that was stored.
  return new Response(isHead || body.length === 0 ? null : body, { status, statusText, headers: toInit(fields) });
}

/** A record where it can be one: a Node server sends that without the platform's own Headers. */
function toInit(fields: [string, string][]): HeadersInit {
  return fields.some(([name]) => name === "set-cookie") ? fields : Object.fromEntries(fields);
}
