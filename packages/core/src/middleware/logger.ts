/**
 * Structured logs: one JSON object a line, one line a request.
 * @module
 */
import { errorAsData } from "../log.ts";
import type { LogFields, Logger, LogLevel, Middleware } from "../types.ts";

export interface LoggerOptions {
  /** The least level that is written. Default `info`. */
  level?: LogLevel;
  /**
   * Names of fields and headers, in any case and at any depth, whose values become `"[redacted]"`; added to the
   * defaults: authorization, proxy-authorization, cookie, set-cookie, x-api-key, api_key, apiKey, password, passwd,
   * secret, token, access_token, accessToken, refresh_token, refreshToken, id_token, client_secret, private_key.
   */
  redact?: readonly string[];
  /** Request headers to put into the request's line, redacted as above. Default none. */
  headers?: readonly string[];
  /** Fields on every line, such as a version. */
  fields?: LogFields;
  /** Where lines go. Default: the console's method of that level. */
  write?: (line: string, level: LogLevel) => void;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];
const SECRET = [
  "authorization",
  "proxyauthorization",
  "cookie",
  "setcookie",
  "xapikey",
  "apikey",
  "password",
  "passwd",
  "secret",
  "token",
  "accesstoken",
  "refreshtoken",
  "idtoken",
  "clientsecret",
  "privatekey",
];

/**
 * Puts a logger with levels and redaction into `context.log` and writes one line when the answer is there: `time`,
 * `level`, `message: "request"`, `requestId`, `method`, `path` (no query: tokens travel in it), `route`, `status`,
 * `ms`, and `ip` where it is known. A status of 500 and above is an `error`, all else `info`. Errors among the fields
 * are written with their stack. A line that cannot be written (a cycle) loses its fields, never the request.
 *
 * @example export default [requestId(), logger({ level: "debug", redact: ["iban"] })];
 * @example context.log.info("order placed", { orderId });
 */
export function logger(options: LoggerOptions = {}): Middleware {
  const { level = "info", redact = [], headers = [], fields, write = toConsole } = options;
  const secret = new Set([...SECRET, ...redact.map(plain)]);
  const least = LEVELS.indexOf(level);
  const replace = (key: string, value: unknown): unknown => {
    if (value !== undefined && secret.has(plain(key))) return "[redacted]";
    return value instanceof Headers ? Object.fromEntries(value) : errorAsData(key, value);
  };

  const createRich = (own: LogFields): Logger => {
    const at = (level: LogLevel) => (message: string, more?: LogFields) => {
      if (LEVELS.indexOf(level) < least) return;
      const head = { time: new Date().toISOString(), level, message };
      let line: string;
      try {
        line = JSON.stringify({ ...head, ...own, ...more }, replace);
      } catch {
        line = JSON.stringify(head);
      }
      write(line, level);
    };
    const [debug, info, warn, error] = [at("debug"), at("info"), at("warn"), at("error")];
    return { debug, info, warn, error, child: (more) => createRich({ ...own, ...more }) };
  };

  return async function logger(request, context, next) {
    const start = performance.now();
    const { requestId, route, ip } = context;
    context.log = createRich({ ...fields, requestId, route });
    const response = await next();
    const { status } = response;
    const listed = headers.map((name) => [name.toLowerCase(), request.headers.get(name) ?? undefined]);
    context.log[status >= 500 ? "error" : "info"]("request", {
      method: request.method,
      path: context.url.pathname,
      status,
      ms: Math.round((performance.now() - start) * 100) / 100,
      ip,
      ...(headers.length > 0 && { headers: Object.fromEntries(listed) }),
    });
    return response;
  };
}

/** `Access_Token`, `access-token` and `accessToken` are one name. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, "");
}

function toConsole(line: string, level: LogLevel): void {
  console[level](line);
}
