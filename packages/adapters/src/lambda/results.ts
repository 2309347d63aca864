/**
 * From a Response to what each front takes back.
 * @module
 */
import { HttpError, problem } from "@godwit/core/errors";
import { isDecoded } from "../_http/decoded.ts";
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
const HOP_BY_HOP = /^((proxy-)?connection|keep-alive|te|trailer|transfer-encoding|upgrade)$/;
/** Content that fronts pass on as text. */
const TEXT = /^(text\/|application\/(.*\+)?(json|xml|javascript|x-www-form-urlencoded)\b)/i;
const MIB = 1_048_576;
/** Of a TypeError. */
export const NOT_BYTES = "A body chunk is no Uint8Array.";

/** A status without content (Fetch's null body statuses). */
export const isBodiless = (status: number): boolean => [101, 204, 205, 304].includes(status);

/** Status and fields. Every Set-Cookie stays a field of its own; no format but v2 may have a member `cookies`. */
export function toHead(response: Response, format: Format, length?: number, head?: boolean): Result {
  const { status, statusText } = response;
  const skipped = !head && isDecoded(response) ? /^content-(?:encoding|length)$/ : undefined;
  // The load balancer reads the map of its own mode alone, the one that the event came in.
  const multi = format === "alb-multi";
  const headers: Record<string, string | string[]> = {};
  const set = (value: string, name: string) => {
    headers[name] = multi ? [value] : value;
  };
  response.headers.forEach((value, name) => {
    if (name !== "set-cookie" && !HOP_BY_HOP.test(name) && !skipped?.test(name)) set(value, name);
  });
  // RFC 9110 section 8.6: none in a 1xx or 204; in a 304 it tells of the GET.
  if (status === 101 || status === 204) delete headers["content-length"];
  else if (length !== undefined) set(`${length}`, "content-length");
  const result: Result = { statusCode: status, [multi ? "multiValueHeaders" : "headers"]: headers };
  if (format.startsWith("alb")) {
    const phrase = statusText || process.getBuiltinModule("node:http").STATUS_CODES[status] || "Unknown";
    result.statusDescription = `${status} ${phrase}`;
  }
  const cookies = response.headers.getSetCookie();
  if (!cookies[0]) return result;
  if (format === "v2") result.cookies = cookies;
  else if (format === "v1") result.multiValueHeaders = { "set-cookie": cookies };
  else if (format === "alb") spellCookies(headers, cookies);
  else headers["set-cookie"] = multi || cookies[1] ? cookies : cookies[0];
  return result;
}

/**
 * One value a name is all that the map can hold, so that further cookies go under other spellings: field names ignore
 * case (RFC 9110 section 5.1), keys of JSON do not. AWS documents no way; this is what Mangum and others do. Nine
 * letters make 512 spellings. The clean way is `lambda.multi_value_headers.enabled` on the target group.
 */
function spellCookies(headers: Record<string, unknown>, cookies: readonly string[]): void {
  cookies.forEach((cookie, at) => {
    let bits = at;
    const spell = (letter: string) => {
      const upper = bits & 1;
      bits >>= 1;
      return upper ? letter.toUpperCase() : letter;
    };
    headers["set-cookie".replace(/[a-z]/g, spell)] = cookie;
  });
}

/**
 * Reads the body and makes the whole answer. Content is text when its type says so, nothing has encoded it and its
 * bytes are UTF-8; all else goes as base64. Rejects when the body does, and with 502 LAMBDA_RESPONSE_TOO_LARGE for an
 * answer over the front's limit (6 MiB of JSON, 1 MiB behind a load balancer), whose body is cancelled.
 */
export async function toResult(response: Response, format: Format, head?: boolean): Promise<Result> {
  const { status, headers, body: stream } = response;
  const limit = (format.startsWith("alb") ? 1 : 6) * MIB;
  const bare = head || isBodiless(status);
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (bare) stream?.cancel().catch(() => {});
  else {
    // Leaving the loop cancels the body.
    for await (const chunk of stream ?? []) {
      // Fetch section 2.2.4: text is an error here as it is everywhere.
      if (!(chunk instanceof Uint8Array)) throw new TypeError(NOT_BYTES);
      size += chunk.length;
      if (size > limit) break;
      chunks.push(chunk);
    }
  }
  if (size <= limit) {
    const bytes = Buffer.concat(chunks);
    const isBase64Encoded = !bare && !isText(headers, bytes, isDecoded(response));
    const body = bytes.toString(isBase64Encoded ? "base64" : "utf8");
    const length = bare && status !== 205 ? undefined : size;
    const result = { ...toHead(response, format, length, head), body, isBase64Encoded };
    // One character takes at most six bytes of JSON (\u0000), so that small answers need no second look.
    if (body.length < limit / 8 || Buffer.byteLength(JSON.stringify(result)) <= limit) return result;
  }
  const detail = `The answer is over ${limit} bytes. Stream it, or send a link to it.`;
  throw new HttpError(502, { code: "LAMBDA_RESPONSE_TOO_LARGE", detail });
}

/** What is answered in place of an error; logged unless it is the client's. */
export function refuse(error: unknown): Response {
  const { status, options } = error instanceof HttpError ? error : { status: 500 };
  if (status >= 500) console.error("The answer failed:", error);
  return problem(status, options);
}

function isText(headers: Headers, bytes: Buffer, decoded: boolean): boolean {
  const type = headers.get("content-type");
  const encoding = headers.get("content-encoding");
  if ((type && !TEXT.test(type)) || (!decoded && encoding && encoding !== "identity")) return false;
  return process.getBuiltinModule("node:buffer").isUtf8(bytes);
}
