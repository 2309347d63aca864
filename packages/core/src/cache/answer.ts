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
const WITHOUT_BODY = [204, 205, 304];

/** The whole, a part, 304 or 416. Its Age is that of now (section 5.1). */
export function answerWith(entry: Entry, request: Request, now: number): Response {
  const { status, statusText, body } = entry;
  const headers = new Headers(entry.headers);
  headers.set("age", String(Math.floor(ageOf(entry.terms, now))));
  const asked = request.headers;
  if (isNotModified(asked, entry)) {
    for (const name of OF_CONTENT) headers.delete(name);
    return new Response(null, { status: 304, headers });
  }
  if (WITHOUT_BODY.includes(status)) return new Response(null, { status, statusText, headers });

  const isHead = request.method === "HEAD";
  const range = status === 200 && !isHead ? rangeOf(asked, headers, body.length) : undefined;
  if (range === "unsatisfiable") {
    for (const name of OF_CONTENT) headers.delete(name);
    headers.set("content-range", `bytes */${body.length}`);
    return new Response(null, { status: 416, headers });
  }
  if (range) {
    const [start, end] = range;
    headers.set("content-range", `bytes ${start}-${end}/${body.length}`);
    headers.set("content-length", String(end - start + 1));
    return new Response(body.subarray(start, end + 1), { status: 206, headers });
  }
  headers.set("content-length", String(body.length));
  return new Response(isHead ? null : body, { status, statusText, headers });
}
