/**
 * Entity tags for answers that have none, and 304 for clients that hold the answer already (RFC 9110 section 13).
 * @module
 */
import { joined, readBeginning, resumed } from "../http/bytes.ts";
import { editHeaders, matchesTag, toNotModified } from "../http/headers.ts";
import type { Middleware } from "../types.ts";

export interface EtagOptions {
  /** Makes `W/"..."`: equal in meaning, not byte for byte. Default false. */
  weak?: boolean;
  /** Bodies up to this many bytes are held and hashed; longer ones pass as they are. Default 1,048,576. */
  maxBytes?: number;
}

/**
 * Gives every 200 to GET and HEAD an `ETag` of the SHA-256 of its body, and answers 304 to an `If-None-Match` that
 * names it. A tag that the handler set is taken as it is, whatever the body's length. Untouched: event streams,
 * answers with `Cache-Control: no-store`, and bodies over `maxBytes`, which are passed on as they arrive. A streamed
 * answer below the bound is held until it ends: keep this off routes that stream slowly. The 304 keeps all headers but
 * those about the content. Outside of `compress` it tags the compressed bytes, inside the plain ones.
 *
 * @example export default etag();
 */
export function etag({ weak, maxBytes = 1_048_576 }: EtagOptions = {}): Middleware {
  return async function etag(request, _context, next) {
    let response = await next();
    if (response.status !== 200 || (request.method !== "GET" && request.method !== "HEAD")) return response;
    let tag = response.headers.get("etag");
    if (!tag && response.body && !isExempt(response.headers, maxBytes)) {
      const beginning = await readBeginning(response.body, maxBytes);
      if (beginning.rest) return new Response(resumed(beginning), response);
      const bytes = joined(beginning);
      const made = `${weak ? "W/" : ""}"${await digest(bytes)}"`;
      tag = made;
      response = editHeaders(new Response(bytes, response), (headers) => headers.set("etag", made));
    }
    const known = request.headers.get("if-none-match");
    return tag && known && matchesTag(known, tag, "weak") ? toNotModified(response) : response;
  };
}

function isExempt(headers: Headers, maxBytes: number): boolean {
  return (
    /^text\/event-stream/i.test(headers.get("content-type") ?? "") ||
    /\bno-store\b/i.test(headers.get("cache-control") ?? "") ||
    Number(headers.get("content-length") ?? 0) > maxBytes
  );
}

/** 27 characters of base64url hold 162 of the 256 bits: enough, and short. */
async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return btoa(String.fromCharCode(...hash))
    .slice(0, 27)
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}
