/**
 * Errors that carry a stable code, and the problem documents of RFC 9457 that clients see of them.
 * @module
 */

/** An error of Godwit's own. `code` never changes; the message says what, where and what to do. */
export class GodwitError extends Error {
  declare readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "GodwitError";
    this.code = code;
  }
}

export interface HttpErrorOptions extends ErrorOptions {
  /** A sentence for the client. It is sent as it is, so it must not tell what the client may not know. */
  detail?: string;
  /** A stable word for programs. */
  code?: string;
  /** RFC 9457 section 3.1.1. Default `about:blank`. */
  type?: string;
  /** Default: the status's own phrase for 400, 401, 403, 404, 405, 409 and 500, else none. */
  title?: string;
  headers?: HeadersInit;
  /** Further members of the problem document (RFC 9457 section 3.2). */
  extensions?: Record<string, unknown>;
}

/**
 * Throw it anywhere below a handler: it is answered as a problem document.
 *
 * @example throw new HttpError(409, { code: "NAME_TAKEN", detail: "That name is taken." });
 */
export class HttpError extends Error {
  declare readonly status: number;
  declare readonly options: HttpErrorOptions;
  /** Throws a RangeError unless the status is from 400 to 599. */
  constructor(status: number, options: HttpErrorOptions = {}) {
    super(options.detail ?? options.title ?? `HTTP ${status}`, options);
    if (!(status >= 400 && status < 600)) throw new RangeError(`HttpError: status ${status}`);
    this.name = "HttpError";
    this.status = status;
    this.options = options;
  }
}

/** Phrases of RFC 9110 section 15 for what is thrown most; every byte ships, so that others bring their own title. */
const TITLES: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  500: "Internal Server Error",
};

/** A problem document (RFC 9457) as a Response. Only what the options name is in it. */
export function problem(status: number, options: HttpErrorOptions = {}): Response {
  const { type = "about:blank", title = TITLES[status], detail, code, extensions } = options;
  const body = JSON.stringify({ type, title, status, detail, code, ...extensions });
  const response = new Response(body, { status, headers: options.headers });
  response.headers.set("content-type", "application/problem+json");
  return response;
}
