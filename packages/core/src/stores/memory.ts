/**
 * A store in the memory of one instance: for tests, for one process, and for what may be forgotten.
 * @module
 */
import { createCounters } from "./counters.ts";
import type { KeyValueStore, Store, StoreDriver } from "./store.ts";
import { checkKey, isOver, type Kept, limitOf, toKept, toMetadata, toValue } from "./value.ts";

export interface MemoryOptions {
  /** Default 10,000; as many counters beside them. The least recently used goes first. */
  maxEntries?: number;
  /** Of keys, values and metadata together; the largest value is 2,048 less. Default 16 MB (16,777,216). Counters have as much beside. */
  maxBytes?: number;
}

/**
 * Names the driver in `godwit.config.ts`. Each instance has a store of its own, empty when it starts.
 *
 * @example stores: { main: { lambda: memory({ maxBytes: 1_000_000 }) } }
 */
export function memory(options: MemoryOptions = {}): StoreDriver {
  return {
    module: "@godwit/core/stores/memory",
    options: { ...options },
    guarantees: {
      reads: "instance",
      durable: false,
      maxValue: (options.maxBytes ?? MAX_BYTES) - BESIDE,
      minTtl: 0,
      list: "exact",
      counters: "instance",
    },
  };
}

const MAX_ENTRIES = 10_000;
const MAX_BYTES = 16_777_216;
/** What the key and the metadata of one value take at most. */
const BESIDE = 2_048;

/** Opens an empty store. */
export function open(options: MemoryOptions = {}): Store {
  const { maxEntries = MAX_ENTRIES, maxBytes = MAX_BYTES } = options;
  return { ...openValues(options), counters: createCounters({ maxEntries, maxBytes }) };
}

/** The same without counters, for who counts nothing. `isShared`: it gives the bytes that it has, which nobody may change. */
export function openValues(
  { maxEntries = MAX_ENTRIES, maxBytes = MAX_BYTES }: MemoryOptions = {},
  isShared: boolean = false,
): KeyValueStore {
  /** The least recently used first. */
  const entries = new Map<string, Kept>();
  let bytes = 0;
  const drop = (key: string): void => {
    const kept = entries.get(key);
    if (!kept) return;
    entries.delete(key);
    bytes -= sizeOf(key, kept);
  };
  return {
    async get(key) {
      const kept = entries.get(checkKey(key));
      if (!kept) return undefined;
      if (isOver(kept.expires)) return drop(key) as undefined; // void is undefined
      entries.delete(key);
      entries.set(key, kept);
      return toValue(isShared ? kept.bytes : kept.bytes.slice(), kept.metadata);
    },
    async set(key, value, options) {
      checkKey(key);
      const kept = toKept(value, options, maxBytes - BESIDE);
      drop(key);
      entries.set(key, kept);
      bytes += sizeOf(key, kept);
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && bytes <= maxBytes) break;
        drop(oldest);
      }
    },
    async delete(key) {
      drop(checkKey(key));
    },
    async list(options = {}) {
      const { prefix = "", cursor } = options;
      const all = [...entries.keys()]
        .filter((key) => key.startsWith(prefix) && !isOver(entries.get(key)?.expires))
        .sort(compare)
        .filter((key) => cursor === undefined || compare(key, cursor) > 0);
      const keys = all.slice(0, limitOf(options));
      return {
        keys: keys.map((key) => ({ key, ...toMetadata(entries.get(key)?.metadata) })),
        cursor: keys.length < all.length ? keys.at(-1) : undefined,
      };
    },
  };
}

/** Strings take two bytes a letter at most. */
function sizeOf(key: string, { bytes, metadata = "" }: Kept): number {
  return 2 * (key.length + metadata.length) + bytes.length;
}

/** As their UTF-8 bytes compare: what a surrogate stands for comes after all else. */
function compare(a: string, b: string): number {
  for (let at = 0; at < a.length && at < b.length; at++) {
    const [one, two] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (one !== two) return rank(one) - rank(two);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
