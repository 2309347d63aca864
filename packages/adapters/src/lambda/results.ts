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
const HOP_BY_HOP = /^((proxy-)?connection|keep-alive|transfer-encoding|upgrade)$/;
/** Content that fronts pass on as text. */
const TEXT = /^(text\/|application\/(.*\+)?(json|xml|javascript|x-www-form-urlencoded)\b)/i;
const MIB = 1_048_576;
/** Of a TypeError. */
export const NOT_BYTES = "A body chunk is no Uint8Array.";

/** A status without content (Fetch's null body statuses). */
export const isBodiless = (status: number): boolean => [101, 204, 205, 304].includes(status);

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
  const result: Result = { statusCode };
  if (format.startsWith("alb")) result.statusDescription = describe(response);
  if (format === "alb-multi") {
    // The load balancer reads the map of its own mode alone, the one that the event came in.
    result.multiValueHeaders = {};
    for (const name in headers) result.multiValueHeaders[name] = [headers[name] ?? ""];
  } else result.headers = headers;
  if (!cookies[0]) return result;
  if (format === "v2") result.cookies = cookies;
  else if (format === "alb") spellCookies(headers, cookies);
  else if (format !== "lattice") result.multiValueHeaders = { ...result.multiValueHeaders, "set-cookie": cookies };
  else result.headers = { ...headers, "set-cookie": cookies[1] ? cookies : cookies[0] };
  return result;
}

/**
 * One value a name is all that the map can hold, so that further cookies go under other spellings: field names ignore
 * case (RFC 9110 section 5.1), keys of JSON do not. AWS documents no way; this is what Mangum and others do. Nine
 * letters make 512 spellings. The clean way is `lambda.multi_value_headers.enabled` on the target group.
 */
function spellCookies(headers: Record<string, string>, cookies: readonly string[]): void {
  cookies.forEach((cookie, at) => {
    const spell = (letter: string, place: number) =>
      at & (1 << (place > 3 ? place - 1 : place)) ? letter.toUpperCase() : letter;
    headers["set-cookie".replace(/[a-z]/g, spell)] = cookie;
  });
}

/** `200 OK`. */
const describe = ({ status, statusText }: Response): string =>
  `${status} ${statusText || process.getBuiltinModule("node:http").STATUS_CODES[status] || "Unknown"}`;

/**
 * Reads the body and makes the whole answer. Content is text when its type says so, nothing has encoded it and its
 * bytes are UTF-8; all else goes as base64. An answer over the front's limit (6 MiB of JSON, 1 MiB behind a load
 * balancer) is answered 502 LAMBDA_RESPONSE_TOO_LARGE instead of failing in the platform; its body is cancelled.
 * Rejects when the body does.
 */
export async function toResult(response: Response, format: Format, head?: boolean): Promise<Result> {
  const limit = (format.startsWith("alb") ? 1 : 6) * MIB;
  const bare = head || isBodiless(response.status);
  if (bare) response.body?.cancel().catch(() => {});
  const bytes = bare ? Buffer.alloc(0) : await readBody(response, limit);
  if (bytes) {
    const isBase64Encoded = !bare && !isText(response.headers, bytes);
    const body = bytes.toString(isBase64Encoded ? "base64" : "utf8");
    const length = bare && response.status !== 205 ? undefined : bytes.length;
    const result = { ...toHead(response, format, length), body, isBase64Encoded };
    // One character takes at most six bytes of JSON (\u0000), so that small answers need no second look.
    if (body.length < limit / 8 || Buffer.byteLength(JSON.stringify(result)) <= limit) return result;
  }
  const detail = `The answer is over ${limit} bytes. Stream it, or send a link to it.`;
  return toResult(refuseSize({ code: "LAMBDA_RESPONSE_TOO_LARGE", detail }), format);
}

/** A 502 that is logged. */
export function refuseSize(why: { code: string; detail: string }): Response {
  console.error(`${why.code}: ${why.detail}`);
  return problem(502, why);
}

/** All bytes; undefined when there are more than the limit. */
async function readBody(response: Response, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the body.
  for await (const chunk of response.body ?? []) {
    // Fetch section 2.2.4: text is an error here as it is everywhere.
    if (!(chunk instanceof Uint8Array)) throw new TypeError(NOT_BYTES);
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
