/**
 * Which stored responses a change makes invalid (RFC 9111 section 4.4).
 * @module
 */

/** Methods that change nothing (RFC 9110 section 9.2.1, RFC 10008 for QUERY). One that is unknown may change anything. */
const SAFE = ["GET", "HEAD", "OPTIONS", "TRACE", "QUERY"];

export function isUnsafe(method: string): boolean {
  return !SAFE.includes(method);
}

/**
 * The URIs that an answer to an unsafe method invalidates: the target (`uri`: as the app keys it), and what Location and
 * Content-Location name, of the same origin only, or one site could empty another's cache. None where the answer is an
 * error.
 */
export function invalidatedBy(
  url: string,
  uri: string | undefined,
  { status, headers }: Pick<Response, "status" | "headers">,
): string[] {
  if (status < 200 || status >= 400) return [];
  const target = new URL(url);
  const found = uri === undefined ? [] : [uri];
  for (const name of ["location", "content-location"]) {
    const named = resolved(headers.get(name), url);
    if (named?.origin === target.origin) {
      named.hash = "";
      found.push(named.href);
    }
  }
  return [...new Set(found)];
}

/** What a field refers to; undefined where it is absent or no reference. `URL.parse` is missing in Vercel's Edge runtime. */
export function resolved(reference: string | null, base: string): URL | undefined {
  try {
    return reference === null ? undefined : new URL(reference, base);
  } catch {
    return undefined;
  }
}
