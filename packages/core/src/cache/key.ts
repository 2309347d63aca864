/**
 * Where responses are kept: keys of a store.
 * @module
 */

/** Before a URI, in the key of what answers QUERY. */
export const QUERIES = "QUERY:";

/**
 * The key of a URI (RFC 9111 section 2): `cache:<name>:<uri>`, its end a hash where it is long, so that it always fits
 * a store. The URI is the request's own, whose host the adapter vouches for: no `X-Forwarded-Host` is read here.
 */
export async function keyOf(name: string, uri: string): Promise<string> {
  return fit(`cache:${name}:${uri}`);
}

/** The text where every store takes it as a key, else its beginning and its hash. */
export async function fit(whole: string): Promise<string> {
  // A URL that was parsed is ASCII; a key of the app's own need not be. One with `#` might be another one's hash.
  return /^[!"$-~]{1,400}$/.test(whole) ? whole : `${beginning(whole)}#${await digest(whole)}`;
}

/** What the keys of long texts begin with. */
export function beginning(whole: string): string {
  return whole.slice(0, 200).replace(/[^!-~]/g, "_");
}

/** 27 characters of base64url: 162 bits of SHA-256. */
export async function digest(content: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return btoa(String.fromCharCode(...hash))
    .slice(0, 27)
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}
