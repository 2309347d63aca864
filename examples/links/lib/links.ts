import type { Context, KeyValueStore, SetOptions } from "@godwit/core";
import { type CacheContext, invalidateTag } from "@godwit/core/cache";
import * as z from "zod";

/** `expires`: milliseconds since 1970. */
const Stored = z.object({ url: z.string(), note: z.string(), expires: z.number().optional() });

/** The name of the cache of redirects. */
export const REDIRECTS = "redirects";

/** What the cached redirect of a link is tagged with. */
export const tagOf = (slug: string): string => `link:${slug}`;

export const NewLink = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2048),
  slug: z
    .string()
    .regex(/^[a-z\d]+(?:-[a-z\d]+)*$/, "lower-case letters and digits, in words joined by hyphens")
    .min(3)
    .max(32)
    .refine((slug) => slug !== "links", "is taken by the API")
    .optional(),
  note: z.string().max(80).default(""),
  /** Seconds that the link lives. */
  ttl: z.int().min(60).max(31_536_000).optional(),
});

export interface Link {
  slug: string;
  url: string;
  note: string;
  hits: number;
}

/** All that the app keeps: `link:<slug>` is a link, `hits:<slug>` how often it was followed. */
export function openLinks(context: CacheContext & Pick<Context, "store">) {
  const store = context.store("main");

  async function get(slug: string): Promise<Link | undefined> {
    const [found, hits] = await Promise.all([store.get(`link:${slug}`), store.get(`hits:${slug}`)]);
    if (!found) return undefined;
    const { url, note } = Stored.parse(found.json());
    return { slug, url, note, hits: Number(hits?.text() ?? 0) };
  }

  return {
    get,

    /** Undefined where the slug is taken. */
    async create({
      url,
      note,
      ttl,
      slug = crypto.randomUUID().slice(0, 8),
    }: z.output<typeof NewLink>): Promise<Link | undefined> {
      if (await store.get(`link:${slug}`)) return undefined;
      await store.delete(`hits:${slug}`);
      const expires = ttl === undefined ? undefined : Date.now() + ttl * 1000;
      await store.set(`link:${slug}`, JSON.stringify({ url, note, expires }), lifeOf(expires));
      return { slug, url, note, hits: 0 };
    },

    async list(cursor?: string): Promise<{ links: Link[]; cursor?: string }> {
      const page = await store.list({ prefix: "link:", limit: 50, cursor });
      const found = await Promise.all(page.keys.map(({ key }) => get(key.slice("link:".length))));
      return { links: found.filter((link) => link !== undefined), cursor: page.cursor };
    },

    /** Where a link leads, and until when. */
    async follow(slug: string): Promise<{ url: string; expires?: number } | undefined> {
      const found = await store.get(`link:${slug}`);
      return found && Stored.parse(found.json());
    },

    /** Two visits at one moment may count as one: a store has no atomic addition. */
    async count(slug: string): Promise<void> {
      const link = await store.get(`link:${slug}`);
      if (link) await addOne(store, `hits:${slug}`, lifeOf(Stored.parse(link.json()).expires));
    },

    /** The cached redirect goes with it, on every instance: one write. */
    async remove(slug: string): Promise<void> {
      await Promise.all([store.delete(`link:${slug}`), store.delete(`hits:${slug}`)]);
      await invalidateTag(context, tagOf(slug), { store: "main", name: REDIRECTS });
    },
  };
}

async function addOne(store: KeyValueStore, key: string, options: SetOptions): Promise<void> {
  const before = Number((await store.get(key))?.text() ?? 0);
  await store.set(key, String(before + 1), options);
}

function lifeOf(expires: number | undefined): SetOptions {
  return expires === undefined ? {} : { ttl: Math.max(1, (expires - Date.now()) / 1000) };
}
