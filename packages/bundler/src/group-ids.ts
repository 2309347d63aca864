/**
 * Names of functions: readable, unique, and the same as long as the routes are.
 * @module
 */
import { createHash } from "node:crypto";
import { printPattern } from "@godwit/core/pattern";
import type { RoutePlan } from "./contracts.ts";

/** The manifest's bound. */
const LONGEST = 48;
const HASH = 6;

export interface Named {
  /** The name it would like. */
  wish: string;
  /** What it is, whatever else there is in the app: the hash of a name that is long or taken is over this. */
  identity: string;
}

/** One id for each. `taken` are ids that none of them may have. */
export function nameFunctions(wishes: readonly Named[], taken: readonly string[]): string[] {
  const slugs = wishes.map(({ wish }) => toSlug(wish));
  const counts = new Map<string, number>(taken.map((id) => [id, 1]));
  for (const slug of slugs) counts.set(slug, (counts.get(slug) ?? 0) + 1);
  const used = new Set(taken);
  return wishes.map(({ identity }, at) => {
    const slug = slugs[at] ?? "";
    const plain = slug !== "" && slug.length <= LONGEST && counts.get(slug) === 1;
    let id = plain ? slug : withHash(slug || "route", identity);
    // A name may look like another one's with its hash.
    for (let again = 1; used.has(id); again++) id = withHash(slug || "route", `${identity}\n${again}`);
    used.add(id);
    return id;
  });
}

function withHash(slug: string, identity: string): string {
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, HASH);
  return `${slug.slice(0, LONGEST - HASH - 1).replace(/-$/, "")}-${hash}`;
}

/** `/users/[id]` is `users-id`, `/` is `index`. */
function toSlug(text: string): string {
  if (text === "/") return "index";
  return text
    .toLowerCase()
    .replace(/=[a-z0-9_-]+\]/g, "]")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

/** For several routes: the path that they have in common, else that of the first and a hint that there is more. */
export function nameOf(routes: readonly RoutePlan[]): Named {
  const [first] = routes;
  const identity = routes.map(({ pattern }) => pattern).join("\n");
  if (!first || routes.length === 1) return { wish: first?.pattern ?? "app", identity };
  let shared = first.segments.length;
  for (const { segments } of routes) {
    const differs = first.segments.findIndex((segment, at) => !isSame(segment, segments[at]));
    if (differs >= 0) shared = Math.min(shared, differs);
  }
  const common = first.segments.slice(0, shared);
  return { wish: common.length > 0 ? printPattern(common) : `${first.pattern} more`, identity };
}

type Part = RoutePlan["segments"][number];

function isSame(a: Part, b: Part | undefined): boolean {
  return a.kind === b?.kind && a.value === b.value;
}
