/**
 * Cross-origin resource sharing (WHATWG Fetch section 3.3).
 * @module
 */
import { GodwitError } from "../errors.ts";
import { addVary, editHeaders } from "../http/headers.ts";
import type { Context, Middleware } from "../types.ts";

export interface CorsOptions {
  /**
   * Who may read answers: `"*"` (the default), one origin, a list, or a function that is asked for each request.
   * Origins are compared whole (`https://app.example`); `"null"` is allowed only where it is listed.
   */
  origin?: string | readonly string[] | ((origin: string, context: Context) => boolean | Promise<boolean>);
  /** Default GET, HEAD, PUT, PATCH, POST, DELETE. */
  methods?: readonly string[];
  /** Request headers a page may send. Default: those that the preflight asks for. */
  allowHeaders?: readonly string[];
  /** Answer headers a page may read beyond the safelisted ones. */
  exposeHeaders?: readonly string[];
  /** Allows cookies and other credentials. Default false; it needs named origins. */
  credentials?: boolean;
  /** Seconds that a browser may keep a preflight's answer. Default: the browser's own (5). */
  maxAge?: number;
}

/**
 * Answers preflights itself (204, nothing below runs) and puts the CORS headers on every other answer, errors
 * included. An origin that is not allowed gets no such header, and the browser keeps the answer from the page; the
 * request itself is not refused. `Vary` is kept right for caches. Throws `CORS_CREDENTIALS_ANY` for credentials with
 * `"*"`, which browsers refuse.
 *
 * @example export default cors({ origin: ["https://app.example"], credentials: true, maxAge: 600 });
 */
export function cors(options: CorsOptions = {}): Middleware {
  const { origin: allow = "*", methods, allowHeaders, exposeHeaders, credentials, maxAge } = options;
  if (credentials && (allow === "*" || (Array.isArray(allow) && allow.includes("*")))) {
    throw new GodwitError("CORS_CREDENTIALS_ANY", 'cors() with credentials needs named origins instead of "*".');
  }
  const any = allow === "*";
  const isAllowed = async (origin: string, context: Context) => {
    if (typeof allow === "function") return allow(origin, context);
    return any || (typeof allow === "string" ? allow === origin : allow.includes(origin));
  };

  return async function cors(request, context, next) {
    const origin = request.headers.get("origin");
    const asked = request.headers.get("access-control-request-method");
    const allowed = origin !== null && (await isAllowed(origin, context));
    const mark = (headers: Headers) => {
      if (!any) addVary(headers, "Origin");
      if (!allowed) return;
      headers.set("access-control-allow-origin", any ? "*" : origin);
      if (credentials) headers.set("access-control-allow-credentials", "true");
    };

    if (request.method === "OPTIONS" && origin !== null && asked !== null) {
      const headers = new Headers();
      mark(headers);
      addVary(headers, "Access-Control-Request-Method", "Access-Control-Request-Headers");
      if (allowed) {
        headers.set("access-control-allow-methods", (methods ?? METHODS).join(", "));
        const names = allowHeaders?.join(", ") ?? request.headers.get("access-control-request-headers");
        if (names) headers.set("access-control-allow-headers", names);
        if (maxAge !== undefined) headers.set("access-control-max-age", String(maxAge));
      }
      return new Response(null, { status: 204, headers });
    }
    return editHeaders(await next(), (headers) => {
      mark(headers);
      if (allowed && exposeHeaders?.length) headers.set("access-control-expose-headers", exposeHeaders.join(", "));
    });
  };
}

const METHODS = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"];
