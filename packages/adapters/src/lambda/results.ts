/**
 * From a Response to what each front takes back.
 * @module
 */
import { problem } from "@godwit/core/errors";
import type { Format } from "./events.ts";

/** The answer to an HTTP event. Which members it has depends on the format. */
export interface Result {
  statusCode: number;
  statusDescription?: string;
  headers?: Record<string, string | string[]>;
  multiValueHeaders?: Record<string, string[]>;
  cookies?: string[];
  body?: string;
  isBase64Encoded?: boolean;
}

/** Fields of one connection (RFC 9110 section 7.6.1), which is the front's. */
const HOP_BY_HOP = /^(connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$/;
/** Content that fronts pass on as text. */
const TEXT = /^(text\/|application\/(.*\+)?(json|xml|javascript|x-www-form-urlencoded)\b)/i;
const MIB = 1_048_576;

/** A status without content (Fetch's null body statuses). */
export const isBodiless = (status: number): boolean =>
  status === 101 || status === 204 || status === 205 || status === 304;

/** Status and fields. Every Set-Cookie stays a field of its own; no format but v2 may have a member `cookies`. */
export function toHead(response: Response, format: Format, length?: number): Result {
  const { status: statusCode } = response;
  const headers: Record<string, string> = {};
  response.headers.forEach((value, name) => {
    if (name !== "set-cookie" && !HOP_BY_HOP.test(name)) headers[name] = value;
  });
  // RFC 9110 section 8.6: none in a 1xx or 204; in a 304 it tells of the GET.
  if (statusCode === 101 || statusCode === 204) delete headers["content-length"];
  else if (length !== undefined) headers["content-length"] = `${length}`;
  const cookies = response.headers.getSetCookie();

  if (format === "v2") return { statusCode, headers, ...(cookies[0] && { cookies }) };
  if (format === "v1")
    return { statusCode, headers, ...(cookies[0] && { multiValueHeaders: { "set-cookie": cookies } }) };
  if (format === "lattice") {
    return { statusCode, headers: cookies[1] ? { ...headers, "set-cookie": cookies } : withCookies(headers, cookies) };
  }
  // The load balancer reads the map of its own mode alone, the one that the event came in.
  const statusDescription = describe(response);
  if (format === "alb") return { statusCode, statusDescription, headers: withCookies(headers, cookies) };
  const multiValueHeaders: Record<string, string[]> = {};
  for (const name in headers) multiValueHeaders[name] = [headers[name] ?? ""];
  if (cookies[0]) multiValueHeaders["set-cookie"] = cookies;
  return { statusCode, statusDescription, multiValueHeaders };
}

/**
 * One value a name is all that the map can hold, so that further cookies go under other spellings: field names ignore
 * case (RFC 9110 section 5.1), keys of JSON do not. AWS documents no way; this is what Mangum and others do. Nine
 * letters make 512 spellings. The clean way is `lambda.multi_value_headers.enabled` on the target group.
 */
function withCookies(headers: Record<string, string>, cookies: readonly string[]): Record<string, string> {
  cookies.forEach((cookie, at) => {
    let bits = at;
    const name = "set-cookie".replace(/[a-z]/g, (letter) => {
      const upper = bits & 1;
      bits >>= 1;
      return upper ? letter.toUpperCase() : letter;
    });
    headers[name] = cookie;
  });
  return headers;
}

/** `200 OK`. */
function describe({ status, statusText }: Response): string {
  const phrase = statusText || process.getBuiltinModule("node:http").STATUS_CODES[status] || "Unknown";
  return `${status} ${phrase}`;
}

/**
 * Reads the body and makes the whole answer. Content is text when its type says so, nothing has encoded it and its
 * bytes are UTF-8; all else goes as base64. An answer over the front's limit (6 MiB of JSON, 1 MiB behind a load
 * balancer) is answered 502 LAMBDA_RESPONSE_TOO_LARGE instead of failing in the platform; its body is cancelled.
 * Rejects when the body does.
 */
export async function toResult(response: Response, format: Format, head?: boolean): Promise<Result> {
  const limit = (format.startsWith("alb") ? 1 : 6) * MIB;
  let result: Result | undefined;
  if (head || isBodiless(response.status)) {
    response.body?.cancel().catch(() => {});
    const length = response.status === 205 ? 0 : undefined;
    result = { ...toHead(response, format, length), body: "", isBase64Encoded: false };
  } else {
    const bytes = await readBody(response, limit);
    if (bytes) {
      const isBase64Encoded = !isText(response.headers, bytes);
      const body = bytes.toString(isBase64Encoded ? "base64" : "utf8");
      result = { ...toHead(response, format, bytes.length), body, isBase64Encoded };
      // One character takes at most six bytes of JSON (\u0000), so that small answers need no second look.
      if (body.length > limit / 8 && Buffer.byteLength(JSON.stringify(result)) > limit) result = undefined;
    }
  }
  return result ?? toResult(tooLarge(limit), format);
}

function tooLarge(limit: number): Response {
  const detail = `The answer is larger than the ${limit} bytes that this front takes. Stream it, or send a link to it.`;
  console.error(`LAMBDA_RESPONSE_TOO_LARGE: ${detail}`);
  return problem(502, { code: "LAMBDA_RESPONSE_TOO_LARGE", detail });
}

/** All bytes; undefined when there are more than the limit. */
async function readBody(response: Response, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the body.
  for await (const chunk of response.body ?? []) {
    // Fetch section 2.2.4: text is an error here as it is everywhere.
    if (!(chunk instanceof Uint8Array)) throw new TypeError("A body stream gave a chunk that is no Uint8Array.");
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isText(headers: Headers, bytes: Buffer): boolean {
  const type = headers.get("content-type");
  const encoding = headers.get("content-encoding");
  if ((type && !TEXT.test(type)) || (encoding && encoding !== "identity")) return false;
  return process.getBuiltinModule("node:buffer").isUtf8(bytes);
}
