/**
 * Tags, by which many stored values are invalidated with one write: a tag has a generation in the store, a value keeps
 * that of each of its tags, and is good for as long as they are equal.
 * @module
 */
import type { Context, Key } from "../types.ts";
import { fit } from "./key.ts";
import { TAG, type Tier } from "./tiers.ts";

/** A tag and its generation; `""` where nobody has invalidated it yet. */
export type Stamp = [tag: string, generation: string];

/** More tags than these of one value, or longer ones, are a mistake, and each costs a read: such a value is not kept. */
const MOST = 32;
const LONGEST = 256;
/** Seconds that a tagged value is kept at most, and a generation: an old value never meets a tag that was forgotten. */
export const TAGGED_TTL = 2_592_000;
const GENERATION_TTL = 2 * TAGGED_TTL;
/** Milliseconds that clocks of two instances may differ, see `stamp`. */
const SKEW = 1_000;

const ADDED: Key<string[]> = { name: "cache tags" };

/**
 * Tags the answer to this request, for those that only the handler knows: `cache()` keeps them with the answer.
 *
 * @example
 * const post = await load(id);
 * addTags(context, `post:${id}`, `author:${post.author}`);
 */
export function addTags(context: Pick<Context, "get" | "set">, ...tags: string[]): void {
  context.set(ADDED, [...(context.get(ADDED) ?? []), ...tags]);
}

export function addedTags(context: Pick<Context, "get">): string[] {
  return context.get(ADDED) ?? [];
}

/** From now on no value with this tag is good. One write. */
export async function advance(tier: Tier, name: string, tag: string): Promise<void> {
  // The time leads, see `stamp`.
  await tier.set(await tagKey(name, tag), `${Date.now()}.${crypto.randomUUID()}`, { ttl: GENERATION_TTL });
}

function tagKey(name: string, tag: string): Promise<string> {
  return fit(`${TAG}${name}:${tag}`);
}

/** The generations that one request has read. */
export class Tags {
  readonly #name: string;
  /** Those that are known before the answer is. */
  readonly #given: readonly string[];
  readonly #known = new Map<string, string>();

  constructor(name: string, given: readonly string[] = []) {
    this.#name = name;
    this.#given = given;
  }

  /** Reads, at once, what is not known yet of the given tags and these. */
  async read(tier: Tier, tags: readonly string[] = [], isExact = false): Promise<void> {
    if (isExact) this.#known.clear();
    if (this.#given.length + tags.length === 0) return;
    const missing = [...new Set([...this.#given, ...tags])].filter((tag) => !this.#known.has(tag));
    await Promise.all(
      missing.slice(0, MOST * 2).map(async (tag) => {
        this.#known.set(tag, (await tier.get(await tagKey(this.#name, tag), isExact))?.text() ?? "");
      }),
    );
  }

  /** Whether nothing was invalidated since. */
  areCurrent(stamps: readonly Stamp[] = []): boolean {
    return stamps.every(([tag, generation]) => this.#known.get(tag) === generation);
  }

  /**
   * The stamps of a value that was asked for at `since`; undefined where it must not be kept. Generations that were read
   * before that are exact. Of a tag that came to be known only after it, an invalidation must be older than the request,
   * by the clocks of two machines.
   */
  async stamp(tier: Tier, tags: readonly string[], since: number): Promise<Stamp[] | undefined> {
    const all = [...new Set([...this.#given, ...tags])];
    if (all.length > MOST || all.some((tag) => tag.length > LONGEST)) return undefined;
    const late = all.filter((tag) => !this.#known.has(tag));
    await this.read(tier, all);
    if (late.some((tag) => Number.parseInt(this.#known.get(tag) || "0", 10) > since - SKEW)) return undefined;
    return all.map((tag) => [tag, this.#known.get(tag) ?? ""]);
  }
}
