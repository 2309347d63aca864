/**
 * Stored responses in a key-value store. Under a URI's key stands the response, or, where it has a Vary, the lists of
 * names that its variants have; each variant has a key of its own.
 * @module
 */
import type { Held } from "./claim.ts";
import { decodeEntry, type Entry, encodeEntry } from "./entry.ts";
import { fit } from "./key.ts";
import { TAGGED_TTL, type Tags } from "./tags.ts";
import type { Tier } from "./tiers.ts";
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
  /** One of its tags was invalidated: as if it were not there. */
  isInvalidated?: boolean;
}

/** Where one request finds and keeps responses. Every method rejects with what the store does. */
export class Shelf {
  readonly #open: () => Tier;
  readonly #tags: Tags;
  readonly #normalise: Normalise | undefined;
  #request: Headers | undefined;
  /** What the handler has tagged the answer with. */
  readonly #added: () => readonly string[];
  /** When the origin was asked. */
  asked: number = Date.now();
  /** Under which it was asked. */
  lease?: Held;

  /** What opening throws, the methods reject with: that is a failure of the store as well. */
  constructor(open: () => Tier, tags: Tags, added: () => readonly string[], normalise?: Normalise) {
    this.#open = open;
    this.#tags = tags;
    this.#added = added;
    this.#normalise = normalise;
  }

  /** Of several that match, the one that came last (RFC 9111 section 4.1). `isExact` asks the store itself. */
  async find(key: string, request: Headers, isExact = false): Promise<Found> {
    const store = this.#open();
    this.#request = request;
    // At once: the tags of a request cost no time of their own.
    const [value] = await Promise.all([store.get(key, isExact), this.#tags.read(store, [], isExact)]);
    const variants = toVariants(value?.bytes);
    const values = variants?.sets.map((names) => varyValues(request, names, this.#normalise)) ?? [];
    const entries = variants
      ? await Promise.all(
          values.map(async (vary) => {
            const entry = decodeEntry((await store.get(await variantKey(key, variants, vary), isExact))?.bytes);
            return entry?.vary === vary ? entry : undefined;
          }),
        )
      : [decodeEntry(value?.bytes)];
    const entry = entries.reduce(
      (a, b) => (a && b ? (b.terms.received > a.terms.received ? b : a) : (a ?? b)),
      undefined,
    );
    const isInvalidated = entry && !(await this.isCurrent(entry));
    return {
      isVaried: variants !== undefined,
      variant: values.join(),
      ...(isInvalidated ? { isInvalidated } : { entry }),
    };
  }

  /**
   * Keeps a response for so many seconds, stamped with its tags. Not where tags forbid it; nor where its lease is over
   * and somebody who had it later has stored already.
   */
  async put(key: string, entry: Entry, seconds: number): Promise<void> {
    const store = this.#open();
    const { lease } = this;
    const tags = await this.#tags.stamp(store, [...namesOf(entry), ...this.#added()], this.asked);
    // Those who wait for it see it as well: of what must not be kept, no stamp is ever good.
    entry.tags = tags ?? [["", "never"]];
    if (!tags) return;
    if (lease && lease.until <= Date.now()) {
      const token = (await this.find(key, this.#request ?? new Headers(), true)).entry?.token;
      if (token !== undefined && token > lease.token) return;
    }
    entry.took = Math.max(0, entry.terms.received - this.asked) / 1000;
    entry.token = lease?.token;
    await this.#write(store, key, entry, tags.length > 0 ? Math.min(seconds, TAGGED_TTL) : seconds);
  }

  /** Whether none of its tags was invalidated, as far as this request knows. */
  async isCurrent(entry: Entry): Promise<boolean> {
    await this.#tags.read(this.#open(), namesOf(entry));
    return this.#tags.areCurrent(entry.tags);
  }

  async #write(store: Tier, key: string, entry: Entry, seconds: number): Promise<void> {
    let at = key;
    if (entry.varyNames.length > 0) {
      // Asked of the store itself: another instance may have made the list since.
      const variants = toVariants((await store.get(key, true))?.bytes) ?? {
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

function namesOf({ tags = [] }: Entry): string[] {
  return tags.map(([tag]) => tag);
}

function toVariants(bytes: Uint8Array<ArrayBuffer> | undefined): Variants | undefined {
  try {
    const found = bytes?.[0] === BRACE ? JSON.parse(new TextDecoder().decode(bytes)) : undefined;
    return Array.isArray(found?.sets) ? found : undefined;
  } catch {
    return undefined;
  }
}

async function variantKey(key: string, { generation }: Variants, vary: string): Promise<string> {
  // A short one as it is: a hash costs more than the rest of a hit. The entry itself has what it is for.
  return fit(`${key}~${generation}${vary.replaceAll(" ", "_")}`);
}
