/**
 * From an HTTP event to a Request. The origin comes from the Host field and the front, never from the path.
 * @module
 */
import { HttpError } from "@godwit/core/errors";
import { cut, type Format, type LambdaEvent, pathOf, queryOf } from "./events.ts";

export interface RequestOptions {
  /**
   * How many proxies of yours stand before the front, such as 1 for CloudFront before a function URL. That many
   * entries of X-Forwarded-For are skipped from its right end, and X-Forwarded-Host and X-Forwarded-Proto are believed.
   * Default 0: the address is the one that connected to the front, and the host is the Host field.
   *
   * A load balancer is a front: the last entry of its X-Forwarded-For is its own (in its mode `append`, the default;
   * in the mode `preserve` the field is the client's, and nothing in it can be trusted).
   */
  trustProxy?: number;
  /** A path that a custom domain of API Gateway maps to this app, and that stays in events of REST: `/v1`. */
  basePath?: string;
}

export interface Incoming {
  request: Request;
  ip: string | undefined;
}

/** A name, IPv4 or a bracketed IPv6 address, and a port. No comma: two Host fields are an error (RFC 9112 section 3.2). */
const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d+)?$/i;

/**
 * Throws for a request that HTTP forbids (400; an HttpError or what the platform's Request and Headers throw) or that a
 * Request cannot carry (405: Fetch section 2.2.1). A body of GET and HEAD is dropped: fetch knows none.
 */
export function toRequest(event: LambdaEvent, format: Format, options: RequestOptions, signal: AbortSignal): Incoming {
  const { body: text, isBase64Encoded, requestContext: { http, identity, domainName } = {} } = event;
  const { trustProxy = 0, basePath } = options;
  const method = http?.method ?? event.httpMethod ?? event.method ?? "GET";
  if (/^(CONNECT|TRACE|TRACK)$/i.test(method)) {
    throw new HttpError(405, { headers: { allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, QUERY" } });
  }
  const headers = toHeaders(event);
  const forwarded = (name: string) => headers.get(`x-forwarded-${name}`)?.split(/[ \t]*,[ \t]*/) ?? [];

  const proto = (trustProxy || format.startsWith("alb")) && forwarded("proto").at(-1);
  const host = (trustProxy && forwarded("host").at(-1)) || (headers.get("host") ?? domainName ?? "localhost");
  const origin = `http${proto === "http" ? "" : "s"}://${host}`;
  if (!HOST.test(host) || !URL.canParse(origin)) throw new HttpError(400, { code: "LAMBDA_HOST_INVALID" });

  const body =
    text && !/^(GET|HEAD)$/.test(method) ? Buffer.from(text, isBase64Encoded ? "base64" : "utf8") : undefined;
  if (body && headers.has("content-length")) headers.set("content-length", `${body.length}`);
  const path = cut(pathOf(event, format), basePath?.slice(1));
  const query = queryOf(event, format).replaceAll("#", "%23");
  return {
    request: new Request(`${origin}${path}${query && `?${query}`}`, { method, headers, body, signal }),
    ip: addressOf(forwarded("for"), (http ?? identity)?.sourceIp, trustProxy),
  };
}

/** The maps are null in tests from the console. `cookies` repeats what may be in `headers.cookie` as well. */
function toHeaders(event: LambdaEvent): Headers {
  const headers = new Headers();
  const cookies: string[] = [];
  for (const [name, value] of Object.entries(event.multiValueHeaders ?? event.headers ?? {})) {
    for (const text of [value ?? []].flat()) {
      if (name.toLowerCase() === "cookie") cookies.push(text);
      else headers.append(name, toField(text));
    }
  }
  // RFC 6265 section 5.4: one field, joined by semicolons.
  const cookie = (event.cookies?.length ? event.cookies : cookies).join("; ");
  if (cookie) headers.set("cookie", toField(cookie));
  return headers;
}

/** A field is bytes, and Headers take those as Latin-1 alone: letters beyond it go as their UTF-8. */
function toField(text: string): string {
  return /[\u0100-\uffff]/.test(text) ? Buffer.from(text).toString("latin1") : text;
}

/** The chain ends with the front's own peer. ALB may write a port to it (`routing.http.xff_client_port.enabled`). */
function addressOf(chain: string[], peer: string | undefined, trusted: number): string | undefined {
  if (peer && chain.at(-1) !== peer) chain.push(peer);
  return chain[Math.max(0, chain.length - 1 - trusted)]?.replace(/^\[(.*)\].*$|^([^:]*):\d+$/, "$1$2");
}
