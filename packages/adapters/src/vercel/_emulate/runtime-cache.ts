/**
 * Vercel's Runtime Cache on this machine: one for all functions of a target, in memory, as each region of Vercel has
 * one for a project. It knows what `getCache()` of `@vercel/functions` asks for, and nothing else.
 * @module
 */

/** What a function asks, with values as JSON. Only `get` has an answer. */
export type CacheCall =
  | { do: "get"; key: string }
  | { do: "set"; key: string; text: string; ttl?: number; tags: string[] }
  | { do: "delete"; key: string }
  | { do: "expireTag"; tags: string[] };

interface Item {
  text: string;
  tags: string[];
  /** Milliseconds since 1970. */
  expires: number;
}

/** Characters of all items; the least recently used goes first. Vercel says of its own limit that it depends on the plan. */
const ROOM = 64_000_000;

export class RuntimeCache {
  /** The least recently used first. */
  #items = new Map<string, Item>();
  #size = 0;

  call(asked: CacheCall): string | undefined {
    if (asked.do === "get") return this.#get(asked.key);
    if (asked.do === "set") this.#set(asked.key, asked);
    else if (asked.do === "delete") this.#drop(asked.key);
    else {
      for (const [key, { tags }] of this.#items) if (tags.some((tag) => asked.tags.includes(tag))) this.#drop(key);
    }
    return undefined;
  }

  #get(key: string): string | undefined {
    const item = this.#items.get(key);
    if (!item) return undefined;
    this.#drop(key);
    if (item.expires <= Date.now()) return undefined;
    this.#put(key, item);
    return item.text;
  }

  #set(key: string, { text, ttl, tags }: { text: string; ttl?: number; tags: string[] }): void {
    this.#drop(key);
    this.#put(key, { text, tags, expires: ttl ? Date.now() + ttl * 1000 : Number.POSITIVE_INFINITY });
    for (const oldest of this.#items.keys()) {
      if (this.#size <= ROOM) break;
      this.#drop(oldest);
    }
  }

  #put(key: string, item: Item): void {
    this.#items.set(key, item);
    this.#size += key.length + item.text.length;
  }

  #drop(key: string): void {
    const item = this.#items.get(key);
    if (!item) return;
    this.#items.delete(key);
    this.#size -= key.length + item.text.length;
  }
}
