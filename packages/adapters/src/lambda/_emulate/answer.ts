/**
 * What a front sends to its client, and the checks that every format makes of a function's result.
 * @module
 */
import type { Pair } from "./incoming.ts";

export interface Answer {
  status: number;
  /** The reason phrase; Node's own when undefined. */
  reason?: string;
  headers: Pair[];
  body: Buffer;
}

/** The status line and headers of a streamed answer. */
export type Head = Omit<Answer, "body">;

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An integer, or a string of one, that can end a request. */
export function toStatus(value: unknown): number | undefined {
  const status = typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : value;
  return typeof status === "number" && Number.isInteger(status) && status >= 200 && status <= 599 ? status : undefined;
}

const isScalar = (value: unknown): boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";

/** `{ name: value }`; undefined when a value is neither text, number nor boolean. */
export function toPairs(value: unknown): Pair[] | undefined {
  if (value === undefined || value === null) return [];
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  return entries.every(([, member]) => isScalar(member))
    ? entries.map(([name, member]) => [name, String(member)])
    : undefined;
}

/** `{ name: [value] }`. */
export function toMultiPairs(value: unknown): Pair[] | undefined {
  if (value === undefined || value === null) return [];
  if (!isObject(value)) return undefined;
  const pairs: Pair[] = [];
  for (const [name, members] of Object.entries(value)) {
    if (!Array.isArray(members) || !members.every(isScalar)) return undefined;
    for (const member of members) pairs.push([name, String(member)]);
  }
  return pairs;
}

/** `cookies`: each a Set-Cookie line of its own. */
export function toCookies(value: unknown): Pair[] | undefined {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every((cookie) => typeof cookie === "string")) return undefined;
  return value.map((cookie) => ["set-cookie", cookie]);
}

export function toBody(body: unknown, base64: unknown): Buffer | undefined {
  if (base64 !== undefined && base64 !== null && typeof base64 !== "boolean") return undefined;
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body !== "string") return undefined;
  return Buffer.from(body, base64 ? "base64" : "utf8");
}

/** Bytes on the wire are the front's business: it counts them and keeps the connection itself. */
const OWN = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "trailer"]);

export function withoutHop(pairs: readonly Pair[]): Pair[] {
  return pairs.filter(([name]) => !OWN.has(name.toLowerCase()));
}

/** API Gateway REST and Function URLs send these under another name (API Gateway developer guide, "Important notes"). */
const REMAPPED = new Set(["authorization", "date", "server", "www-authenticate"]);

export function remapped(pairs: readonly Pair[]): Pair[] {
  return pairs.map(([name, value]) => [REMAPPED.has(name.toLowerCase()) ? `x-amzn-Remapped-${name}` : name, value]);
}

/** Fronts give a body a type where the function gave none. */
export function withType(pairs: Pair[], body: Buffer, type: string): Pair[] {
  const typed = body.length === 0 || pairs.some(([name]) => name.toLowerCase() === "content-type");
  return typed ? pairs : [...pairs, ["content-type", type]];
}

export function plain(status: number, contentType: string, text: string, headers: Pair[] = []): Answer {
  return { status, headers: [["content-type", contentType], ...headers], body: Buffer.from(text) };
}
