/**
 * A stored response as the bytes of a store's value: the length of its head, the head as JSON, the body as it is.
 * @module
 */
import type { Terms } from "./freshness.ts";
import type { Stamp } from "./tags.ts";

export interface Entry {
  status: number;
  statusText: string;
  headers: [string, string][];
  terms: Terms;
  body: Uint8Array<ArrayBuffer>;
  /** `varyValues` of the request that it answered. */
  vary: string;
  varyNames: string[];
  tags?: Stamp[];
  /** Seconds that the origin took. */
  took?: number;
  /** Of the lease under which it was asked for. */
  token?: number;
  /** For those who wait for it in this instance and nobody else: never stored. */
  fleeting?: { error?: unknown };
}

/** Changes when what is written does: what another version wrote is a miss. */
const VERSION = 1;

export function encodeEntry({ body, ...head }: Entry): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify({ v: VERSION, ...head }));
  const bytes = new Uint8Array(4 + json.length + body.length);
  new DataView(bytes.buffer).setUint32(0, json.length);
  bytes.set(json, 4);
  bytes.set(body, 4 + json.length);
  return bytes;
}

/** Made once, when first needed: it keeps nothing between calls. */
let decoder: TextDecoder | undefined;
/** What was read of bytes that a memory has, which are the same ones at each hit. Nobody changes an entry. */
let read: WeakMap<Uint8Array, Entry> | undefined;

/** Undefined for bytes that `encodeEntry` of this version did not write. */
export function decodeEntry(bytes: Uint8Array<ArrayBuffer> | undefined): Entry | undefined {
  if (!bytes) return undefined;
  read ??= new WeakMap();
  const known = read.get(bytes);
  if (known) return known;
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    decoder ??= new TextDecoder();
    const { v, ...head } = JSON.parse(decoder.decode(bytes.subarray(4, 4 + length)));
    if (v !== VERSION || !head.terms || !head.headers) return undefined;
    const entry: Entry = { ...head, body: bytes.subarray(4 + length) };
    read.set(bytes, entry);
    return entry;
  } catch {
    return undefined;
  }
}

/** Fields of one connection, never stored or forwarded (RFC 9111 section 3.1, RFC 9110 section 7.6.1). */
const HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** The fields that are stored; those that Connection names are not. Set-Cookie lines stay apart. */
export function storedFields(headers: Headers): [string, string][] {
  const dropped = [...HOP, ...(headers.get("connection") ?? "").split(",").map((name) => name.trim().toLowerCase())];
  // Age is of the moment, and is counted anew.
  return [...headers].filter(([name]) => name !== "age" && !dropped.includes(name));
}
