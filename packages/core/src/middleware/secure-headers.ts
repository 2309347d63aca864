/**
 * Headers that make browsers careful.
 * @module
 */
import { editHeaders } from "../http/headers.ts";
import type { Middleware } from "../types.ts";

export interface SecureHeadersOptions {
  /** Lower-case names with another value, or `false` to leave a default out. More headers may be added here. */
  headers?: Record<string, string | false>;
}

/** After OWASP's Secure Headers Project; a Content-Security-Policy is the app's own to write. */
const DEFAULTS: Record<string, string> = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "origin-agent-cluster": "?1",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-dns-prefetch-control": "off",
  "x-frame-options": "SAMEORIGIN",
  "x-permitted-cross-domain-policies": "none",
  "x-xss-protection": "0",
};

/**
 * Puts careful defaults on every answer; a header that the handler set itself stays. Defaults:
 * `cross-origin-opener-policy: same-origin`, `cross-origin-resource-policy: same-origin`, `origin-agent-cluster: ?1`,
 * `referrer-policy: no-referrer`, `strict-transport-security` for a year with subdomains, `x-content-type-options:
 * nosniff`, `x-dns-prefetch-control: off`, `x-frame-options: SAMEORIGIN`, `x-permitted-cross-domain-policies: none`,
 * `x-xss-protection: 0`. An API that other sites read needs `"cross-origin-resource-policy": "cross-origin"`.
 *
 * @example
 * export default secureHeaders({ headers: { "content-security-policy": "default-src 'self'", "x-frame-options": "DENY" } });
 */
export function secureHeaders(options: SecureHeadersOptions = {}): Middleware {
  const wanted = Object.entries({ ...DEFAULTS, ...options.headers });
  return async function secureHeaders(_request, _context, next) {
    return editHeaders(await next(), (headers) => {
      for (const [name, value] of wanted) if (value !== false && !headers.has(name)) headers.set(name, value);
    });
  };
}
