/**
 * The client's HTTP/1.1 request as a front sees it: raw target, headers in the order and case they came in.
 * @module
 */
import type { IncomingMessage } from "node:http";
import { readAll } from "./runtime-api.ts";

export type Pair = [name: string, value: string];

export interface Incoming {
  method: string;
  /** Raw, still encoded, unless the front decodes it. */
  path: string;
  /** Raw, without the question mark; empty without a query. */
  query: string;
  /** As sent, without those that concern the connection alone. */
  headers: Pair[];
  body: Buffer;
  ip: string;
  /** The port that the front listens on. */
  port: number;
  /** The client spoke HTTPS. */
  secure?: boolean;
}

/** Of the connection, not of the request: no front puts them into an event. */
const HOP = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "upgrade", "expect"]);

/** `too-large` beyond `limit` bytes of body, `bad-target` for a target that is no path. */
export async function readIncoming(
  request: IncomingMessage,
  limit: number,
): Promise<Incoming | "too-large" | "bad-target"> {
  const body = await readAll(request, limit);
  if (!body) return "too-large";
  const target = toOriginForm(request.url ?? "");
  if (target === undefined) return "bad-target";
  const mark = target.indexOf("?");
  const headers: Pair[] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const [name = "", value = ""] = request.rawHeaders.slice(index, index + 2);
    if (!HOP.has(name.toLowerCase())) headers.push([name, value]);
  }
  return {
    method: request.method ?? "GET",
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? "" : target.slice(mark + 1),
    headers,
    body,
    ip: (request.socket.remoteAddress ?? "127.0.0.1").replace(/^::ffff:/, ""),
    port: request.socket.localPort ?? 80,
  };
}

/** RFC 9112 section 3.2.2: a server takes the absolute form too. */
function toOriginForm(target: string): string | undefined {
  if (target.startsWith("/")) return target;
  const [, rest] = /^https?:\/\/[^/?#]*(.*)$/i.exec(target) ?? [];
  if (rest === undefined) return undefined;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

export interface HeaderGroup {
  /** As first sent. */
  name: string;
  values: string[];
}

/** Equal names together, by lower-case name, in the order of their first appearance. */
export function groupHeaders(headers: readonly Pair[]): Map<string, HeaderGroup> {
  const groups = new Map<string, HeaderGroup>();
  for (const [name, value] of headers) {
    const group = groups.get(name.toLowerCase());
    if (group) group.values.push(value);
    else groups.set(name.toLowerCase(), { name, values: [value] });
  }
  return groups;
}

/**
 * The request's headers with those that every front sets itself. The client's own X-Forwarded-For stays in front of the
 * address that the front saw, so that only the last entry can be trusted.
 */
export function forwardedHeaders(incoming: Incoming, trace: string): Pair[] {
  const ours = new Set(["x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"]);
  const before = groupHeaders(incoming.headers).get("x-forwarded-for")?.values ?? [];
  return [
    ...incoming.headers.filter(([name]) => !ours.has(name.toLowerCase())),
    ["X-Amzn-Trace-Id", trace],
    ["X-Forwarded-For", [...before, incoming.ip].join(", ")],
    ["X-Forwarded-Port", String(incoming.port)],
    ["X-Forwarded-Proto", incoming.secure ? "https" : "http"],
  ];
}

export function firstHeader(incoming: Incoming, name: string): string | undefined {
  return incoming.headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

/** `name=value` pairs of a query, in order; a name without `=` has an empty value. */
export function queryPairs(query: string): Pair[] {
  return query
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const equals = part.indexOf("=");
      return equals < 0 ? [part, ""] : [part.slice(0, equals), part.slice(equals + 1)];
    });
}

/** As HTML forms are decoded: a plus is a space. Malformed percent-encoding stays as it is. */
export function decodeQuery(text: string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** Every value of each name. The map has no prototype, so that a name cannot reach it. */
export function multiMap(pairs: readonly Pair[]): Record<string, string[]> {
  const map: Record<string, string[]> = Object.create(null);
  for (const [name, value] of pairs) {
    const values = map[name];
    if (values) values.push(value);
    else map[name] = [value];
  }
  return map;
}

/** The last value of each name. */
export function lastMap(pairs: readonly Pair[]): Record<string, string> {
  const map: Record<string, string> = Object.create(null);
  for (const [name, value] of pairs) map[name] = value;
  return map;
}

const TEXT = /^(?:text\/[^;]*|application\/(?:json|javascript|xml|[^;]*\+json|[^;]*\+xml))\s*(?:;|$)/i;

/**
 * The body as ALB, HTTP APIs and Function URLs put it into an event: text of known types as it is, all else in base64
 * (ELB user guide, "Lambda functions as targets").
 */
export function eventBody(incoming: Incoming): { body?: string; isBase64Encoded: boolean } {
  if (incoming.body.length === 0) return { isBase64Encoded: false };
  const text =
    firstHeader(incoming, "content-encoding") === undefined && TEXT.test(firstHeader(incoming, "content-type") ?? "");
  return { body: incoming.body.toString(text ? "utf8" : "base64"), isBase64Encoded: !text };
}
