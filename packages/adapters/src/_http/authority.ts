/**
 * From a request target and an authority to an absolute URL. The origin comes from a validated authority alone, never
 * from the path: `//evil.test/` is a path, and an absolute-form target that names another host is refused.
 * @module
 */

/** `reg-name`, IPv4 or a bracketed IPv6 address, and a port: RFC 9110 section 7.2 without user-info. */
const AUTHORITY = /^(?:[a-z\d._~!$&'()*+,;=-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;
/** Nothing in it that the URL parser would rewrite. Dots after a slash and encoded dots are looked for apart. */
const PLAIN = /^\/[\w\-~!$&()*+,;=:@%/.]*(?:\?[\w\-~!$&()*+,;=:@%/.?]*)?$/;
const DOTS = /\/\.|%2e/i;
/** Client-chosen names must not grow a table for ever. */
const REMEMBERED = 256;

export type Origins = (scheme: "http" | "https", authority: string | undefined) => string | undefined;

/** A function from an authority to its origin as the URL parser writes it; undefined when it is not valid. */
export function createOrigins(): Origins {
  const known = new Map<string, string>();
  let last: { scheme: string; authority: string; origin: string } | undefined;
  return (scheme, authority) => {
    if (!authority) return undefined;
    if (last?.authority === authority && last.scheme === scheme) return last.origin;
    const text = `${scheme}://${authority}`;
    let origin = known.get(text);
    if (origin === undefined) {
      if (!AUTHORITY.test(authority) || !URL.canParse(text)) return undefined;
      origin = new URL(text).origin;
      if (known.size >= REMEMBERED) known.clear();
      known.set(text, origin);
    }
    last = { scheme, authority, origin };
    return origin;
  };
}

/** The path and query of a request target; undefined for one that a server does not answer. */
export function readTarget(target: string): { path: string; authority?: string } | undefined {
  if (target.startsWith("/")) return { path: target };
  // RFC 9112 section 3.2.2: absolute-form.
  const [, authority, path = ""] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target) ?? [];
  if (!authority) return undefined;
  return { path: path.startsWith("/") ? path : `/${path}`, authority };
}

/** The absolute URL, with dot segments resolved and bytes outside ASCII percent-encoded, as the URL parser writes it. */
export function joinUrl(origin: string, path: string): string {
  if (PLAIN.test(path) && !DOTS.test(path)) return origin + path;
  // node:http hands bytes over as Latin-1: each is encoded as itself, not as the UTF-8 of the letter it looks like.
  const bytes = path.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
  const url = new URL(origin + bytes);
  url.hash = "";
  return url.href;
}
