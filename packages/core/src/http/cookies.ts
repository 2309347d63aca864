/**
 * Cookies by RFC 6265bis (draft-ietf-httpbis-rfc6265bis-22). Names and values are taken and written as they are: what
 * is not a cookie's character has to be encoded by the caller (`encodeURIComponent`), and nothing is decoded behind
 * your back, so that a value is never decoded twice or thrown upon.
 * @module
 */
import { GodwitError } from "../errors.ts";

export interface CookieOptions {
  /** Seconds to live, a whole number; 0 and below delete. Browsers keep 400 days at most, so more is refused. */
  maxAge?: number;
  expires?: Date;
  /** Without one, the cookie is for this host alone. */
  domain?: string;
  /** Default `/`. */
  path?: string;
  /** Default true: over HTTPS (and localhost) alone. */
  secure?: boolean;
  /** Default true: hidden from scripts. */
  httpOnly?: boolean;
  /** Default `Lax`. `None` needs `secure`. */
  sameSite?: "Strict" | "Lax" | "None";
  /** CHIPS: one jar for each top-level site. Needs `secure`. */
  partitioned?: boolean;
}

/** The token of RFC 9110 section 5.6.2. */
const NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
/** cookie-value without its optional quotes (section 4.1.1): no control, space, quote, comma, semicolon or backslash. */
const VALUE = /^[!#-+\--:<-[\]-~]*$/;
const PATH = /^\/[ -:<-~]*$/;
const DOMAIN = /^\.?[a-z\d](?:[a-z\d.-]*[a-z\d])?$/i;
/** Section 5.6: browsers ignore a pair over 4096 bytes, and attributes over 1024. */
const MOST_BYTES = 4096;
const MOST_ATTRIBUTE_BYTES = 1024;
const MOST_SECONDS = 34_560_000;
/** Bounds for what a client sends: a header over 16 kB of which 200 pairs are read. */
const MOST_HEADER = 16_384;
const MOST_PAIRS = 200;

/**
 * The cookies of a request, or of a `Cookie` header's value. Of two with one name the first is taken, which is the one
 * of the longer path (section 5.8.3). Quotes around a value are part of it, as browsers keep them. Pairs without `=` or
 * name, or with a name that is no token, are passed over, and so is everything after 200 pairs or 16,384 characters.
 *
 * @example const session = parseCookies(request).get("__Host-session");
 */
export function parseCookies(source: Request | string | null): Map<string, string> {
  const header = (typeof source === "string" ? source : source?.headers.get("cookie")) ?? "";
  const cookies = new Map<string, string>();
  const pairs = header.slice(0, MOST_HEADER).split(";", MOST_PAIRS + 1);
  // The last one may be cut in its middle.
  if (header.length > MOST_HEADER || pairs.length > MOST_PAIRS) pairs.pop();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    const name = pair.slice(0, Math.max(at, 0)).trim();
    if (NAME.test(name) && !cookies.has(name)) cookies.set(name, pair.slice(at + 1).trim());
  }
  return cookies;
}

/**
 * A `Set-Cookie` value. Defaults are the careful ones: `Path=/; Secure; HttpOnly; SameSite=Lax`. Throws
 * `COOKIE_INVALID` for a name, value or attribute that browsers would drop or read differently, `SameSite=None` or
 * `Partitioned` without `secure`, and `__Secure-` and `__Host-` names (in any case, section 4.1.3) without what they
 * promise.
 *
 * @example serializeCookie("__Host-session", id, { maxAge: 3600 })
 */
export function serializeCookie(name: string, value: string, options: CookieOptions = {}): string {
  const {
    maxAge,
    expires,
    domain,
    path = "/",
    secure = true,
    httpOnly = true,
    sameSite = "Lax",
    partitioned,
  } = options;
  const need = (holds: boolean, what: string) => {
    if (!holds) throw new GodwitError("COOKIE_INVALID", `The cookie ${JSON.stringify(name)} ${what}.`);
  };
  const prefix = /^__(?:host|secure)-/i.exec(name)?.[0].toLowerCase();
  need(NAME.test(name), "has a name that is no token");
  need(VALUE.test(value), "has characters in its value that must be encoded, for example by encodeURIComponent");
  need(name.length + value.length <= MOST_BYTES, `is over ${MOST_BYTES} bytes`);
  need(PATH.test(path) && path.length <= MOST_ATTRIBUTE_BYTES, "has a path that is not valid");
  need(domain === undefined || (DOMAIN.test(domain) && domain.length <= 253), "has a domain that is not valid");
  need(
    maxAge === undefined || (Number.isSafeInteger(maxAge) && maxAge <= MOST_SECONDS),
    "needs a maxAge of whole seconds, 400 days at most",
  );
  need(expires === undefined || !Number.isNaN(expires.getTime()), "has an expires that is no date");
  need(sameSite === "Strict" || sameSite === "Lax" || sameSite === "None", "has an unknown sameSite");
  need(secure || sameSite !== "None", "with sameSite None needs secure");
  need(secure || !partitioned, "with partitioned needs secure");
  need(secure || !prefix, "needs secure for its prefix");
  need(prefix !== "__host-" || (domain === undefined && path === "/"), "with __Host- takes no domain and the path /");

  const parts = [`${name}=${value}`];
  if (maxAge !== undefined) parts.push(`Max-Age=${maxAge}`);
  if (expires) parts.push(`Expires=${expires.toUTCString()}`);
  if (domain) parts.push(`Domain=${domain}`);
  parts.push(`Path=${path}`);
  if (secure) parts.push("Secure");
  if (httpOnly) parts.push("HttpOnly");
  parts.push(`SameSite=${sameSite}`);
  if (partitioned) parts.push("Partitioned");
  return parts.join("; ");
}

/**
 * Adds a cookie to an answer's headers, as a `Set-Cookie` line of its own.
 *
 * @example
 * const response = json({ ok: true });
 * setCookie(response.headers, "__Host-session", id, { maxAge: 3600 });
 */
export function setCookie(headers: Headers, name: string, value: string, options?: CookieOptions): void {
  headers.append("set-cookie", serializeCookie(name, value, options));
}

/** Deletes a cookie. Domain, path and `partitioned` must be those it was set with. */
export function deleteCookie(headers: Headers, name: string, options?: CookieOptions): void {
  setCookie(headers, name, "", { ...options, maxAge: 0, expires: new Date(0) });
}
