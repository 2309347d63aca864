/**
 * Small work on headers that several middlewares share.
 * @module
 */

/**
 * Changes the headers of a response, of a copy where they are immutable (an answer of `fetch()`).
 *
 * @example return editHeaders(await next(), (headers) => headers.set("x-a", "1"));
 */
export function editHeaders(response: Response, change: (headers: Headers) => void): Response {
  try {
    change(response.headers);
    return response;
  } catch {
    const copy = copyOf(response);
    change(copy.headers);
    return copy;
  }
}

/**
 * The same answer with headers that may change. It keeps its URL, by which adapters know that `fetch()` has decoded the
 * body and has left its Content-Encoding (Fetch section 4.7).
 */
export function copyOf(response: Response, body: BodyInit | null = response.body): Response {
  const copy = new Response(body, response);
  if (response.url) Object.defineProperty(copy, "url", { value: response.url });
  return copy;
}

/** The fields of an answer; of what `fetch()` gave and has decoded without those of its coding. */
export function decodedFields({ url, headers }: Response): Headers {
  if (!url || !/^(?:(?:x-)?gzip|deflate|br|zstd)$/i.test(headers.get("content-encoding") ?? "")) return headers;
  const fields = new Headers(headers);
  for (const name of ["content-encoding", "content-length"]) fields.delete(name);
  return fields;
}

/** Adds field names to `Vary` (RFC 9110 section 12.5.5) that it does not list yet. */
export function addVary(headers: Headers, ...names: string[]): void {
  const listed = (headers.get("vary") ?? "").toLowerCase().split(/\s*,\s*/);
  if (listed.includes("*")) return;
  for (const name of names) if (!listed.includes(name.toLowerCase())) headers.append("vary", name);
}

/** The opaque tag of an entity tag without its weakness: the weak comparison of RFC 9110 section 8.8.3.2 is on these. */
function opaque(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}

/**
 * Whether an `If-None-Match` or `If-Match` field names this entity tag (RFC 9110 sections 13.1.1 and 13.1.2). `*`
 * names every one. The strong comparison is for `If-Match`, the weak one for `If-None-Match`.
 */
export function matchesTag(field: string, tag: string | undefined | null, comparison: "strong" | "weak"): boolean {
  if (field.trim() === "*") return true;
  if (!tag || (comparison === "strong" && tag.startsWith("W/"))) return false;
  // Not split on commas: a tag may hold one.
  const listed = field.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return listed.some((other) => (comparison === "weak" ? opaque(other) === opaque(tag) : other === tag));
}

/** Fields about the content that a 304 does not repeat (RFC 9110 section 15.4.5). */
const CONTENT_FIELDS = [
  "content-type",
  "content-length",
  "content-encoding",
  "content-language",
  "content-range",
  "accept-ranges",
  "last-modified",
];

/** A 304 that keeps every header of the 200 but those about its content; cookies and CORS stay. */
export function toNotModified(response: Response): Response {
  response.body?.cancel().catch(() => {});
  const headers = new Headers(response.headers);
  for (const name of CONTENT_FIELDS) headers.delete(name);
  return new Response(null, { status: 304, headers });
}
