/**
 * Stored responses in a key-value store. Under a URI's key stands the response, or, where it has a Vary, the lists of
 * names that its variants have; each variant has a key of its own.
 * @module
 */
import type { KeyValueStore } from "../stores/store.ts";
import { decodeEntry, type Entry, encodeEntry } from "./entry.ts";
import { digest } from "./key.ts";
import { type Normalise, varyValues } from "./vary.ts";

/** What stands under a URI's key where its responses vary. */
interface Variants {
  /** In the keys of the variants: those of before an invalidation are never found again. */
  generation: string;
  sets: string[][];
  /** Milliseconds since 1970. */
  until: number;
}

/** More lists of names than these for one URI are a mistake, and each costs a read. */
const MOST_SETS = 4;
/** `{`, with which no entry begins. */
const BRACE = 0x7b;

export interface Found {
  entry?: Entry;
  /** There are responses for the URI, perhaps none for this request. */
  isVaried: boolean;
  /** What sets this request apart from others for the URI. */
  variant: string;
}

export class Shelf {
  readonly #open: () => KeyValueStore;
  readonly #normalise: Normalise | undefined;

  /** What opening throws, the methods reject with: that is a failure of the store as well. */
  constructor(open: () => KeyValueStore, normalise?: Normalise) {
    this.#open = open;
    this.#normalise = normalise;
  }

  /** Rejects with what the store does. Of several that match, the one that came last (RFC 9111 section 4.1). */
  async find(key: string, request: Headers): Promise<Found> {
    const store = this.#open();
    const value = await store.get(key);
    if (!value) return { isVaried: false, variant: "" };
    const variants = toVariants(value.bytes);
    if (!variants) return { entry: decodeEntry(value.bytes), isVaried: false, variant: "" };
    const values = variants.sets.map((names) => varyValues(request, names, this.#normalise));
    const entries = await Promise.all(
      values.map(async (vary) => {
        const bytes = (await store.get(await variantKey(key, variants, vary)))?.bytes;
        const entry = bytes && decodeEntry(bytes);
        return entry?.vary === vary ? entry : undefined;
      }),
    );
    const entry = entries.reduce(
      (a, b) => (a && b ? (b.terms.received > a.terms.received ? b : a) : (a ?? b)),
      undefined,
    );
    return { entry, isVaried: true, variant: values.join() };
  }

  /** Keeps a response for so many seconds. */
  async put(key: string, entry: Entry, seconds: number): Promise<void> {
    const store = this.#open();
    let at = key;
    if (entry.varyNames.length > 0) {
      const variants = toVariants((await store.get(key))?.bytes) ?? {
        generation: crypto.randomUUID(),
        sets: [],
        until: 0,
      };
      const isNew = !variants.sets.some((names) => names.join() === entry.varyNames.join());
      if (isNew) variants.sets = [entry.varyNames, ...variants.sets].slice(0, MOST_SETS);
      // Twice as long, so that not every variant writes it again.
      if (isNew || variants.until < Date.now() + seconds * 1000) {
        variants.until = Date.now() + seconds * 2000;
        await store.set(key, JSON.stringify(variants), { ttl: seconds * 2 });
      }
      at = await variantKey(key, variants, entry.vary);
    }
    await store.set(at, encodeEntry(entry), { ttl: seconds });
  }

  /** Forgets the URI, all its variants with it. */
  async drop(key: string): Promise<void> {
    await this.#open().delete(key);
  }

  /** Forgets this response alone: another variant may still be good. */
  async forget(key: string, { vary, varyNames: names }: Entry): Promise<void> {
    if (names.length === 0) return this.drop(key);
    const store = this.#open();
    const variants = toVariants((await store.get(key))?.bytes);
    if (variants) await store.delete(await variantKey(key, variants, vary));
  }

  varyOf(request: Headers, names: readonly string[]): string {
    return varyValues(request, names, this.#normalise);
  }
}

function toVariants(bytes: Uint8Array<ArrayBuffer> | undefined): Variants | undefined {
  return bytes?.[0] === BRACE ? JSON.parse(new TextDecoder().decode(bytes)) : undefined;
}

async function variantKey(key: string, { generation }: Variants, vary: string): Promise<string> {
  return `${key}~${await digest(generation + vary)}`;
}
