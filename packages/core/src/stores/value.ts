/**
 * What all drivers do alike with keys, values, TTL and metadata.
 * @module
 */
import { GodwitError } from "../errors.ts";
import type { Json, ListOptions, SetOptions, StoredValue } from "./store.ts";

/** Throws STORE_KEY_INVALID for a key that some backend would refuse. */
export function checkKey(key: string): string {
  // A unit of UTF-16 is one to three bytes: short keys need no counting, and one that is far too long is not encoded.
  const fits = key.length <= 170 || (key.length <= 512 && new TextEncoder().encode(key).length <= 512);
  if (key && key !== "." && key !== ".." && key.isWellFormed() && fits) return key;
  throw new GodwitError(
    "STORE_KEY_INVALID",
    `${JSON.stringify(key.slice(0, 100))} is no key. A key is well-formed text of 1 to 512 bytes, not "." or "..". Hash what may be longer.`,
  );
}

/** A value as drivers keep it. */
export interface Kept {
  bytes: Uint8Array<ArrayBuffer>;
  /** JSON. */
  metadata?: string;
  /** Milliseconds since 1970. */
  expires?: number;
}

/** Throws STORE_VALUE_INVALID. The bytes are a copy. */
export function toKept(value: string | Uint8Array, { ttl, metadata }: SetOptions = {}, most: number): Kept {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : new Uint8Array(value);
  const text = metadata === undefined ? undefined : JSON.stringify(metadata);
  if (bytes.length > most)
    throw invalid(`A value of ${bytes.length} bytes is more than the ${most} that this store takes`);
  if (ttl !== undefined && !(ttl > 0 && ttl < 1e11)) throw invalid(`A TTL of ${ttl} seconds is none: give more than 0`);
  if (text && new TextEncoder().encode(text).length > 512) throw invalid("Metadata is at most 512 bytes as JSON");
  return {
    bytes,
    ...(text !== undefined && { metadata: text }),
    ...(ttl !== undefined && { expires: Date.now() + ttl * 1000 }),
  };
}

function invalid(message: string): GodwitError {
  return new GodwitError("STORE_VALUE_INVALID", `${message}.`);
}

export function isOver(expires: number | null | undefined): boolean {
  return typeof expires === "number" && expires <= Date.now();
}

/** The bytes must be the caller's own. */
export function toValue(bytes: Uint8Array<ArrayBuffer>, metadata: string | null | undefined): StoredValue {
  const text = () => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return { bytes, ...toMetadata(metadata), text, json: () => JSON.parse(text()) };
}

export function toMetadata(text: string | null | undefined): { metadata?: Json } {
  return typeof text === "string" ? { metadata: JSON.parse(text) } : {};
}

/** From 1 to 1000. */
export function limitOf({ limit = 1000 }: ListOptions): number {
  return Math.min(Math.max(Math.trunc(limit) || 1, 1), 1000);
}
