/**
 * What travels with a deployment and is no resource of its own: functions, routes, crons, and the values of secrets at
 * that moment. A deployment's `meta` keeps their hashes, so that a plan can say what changes.
 * @module
 */
import type { Manifest } from "@godwit/core/manifest";
import type { AnyKind, Spec } from "../../contracts.ts";
import { defineKind } from "../../engine/kind.ts";
import { hashOf } from "../../engine/names.ts";

/** Kind -> name -> hash. */
export type Carried = Record<string, Record<string, string>>;

const KINDS = ["function", "routes", "schedule", "secret values"] as const;
/** Characters of `meta` that a list of hashes may take; an app with more says no details in its plan. */
const MOST = 12_000;

/** `secrets`: something that changes with any of their values, and tells none. */
export function carriedOf(
  { functions, front, triggers, assets }: Manifest,
  vars: Record<string, string>,
  secrets: string,
): Carried {
  const short = (value: unknown) => hashOf(value).slice(0, 12);
  return {
    function: Object.fromEntries(functions.map(({ id, hash }) => [id, short([hash, vars])])),
    routes: { front: short([front, assets.map(({ path, sha256 }) => [path, sha256])]) },
    schedule: Object.fromEntries(triggers.map(({ pattern, schedule }) => [`${schedule} ${pattern}`, short(schedule)])),
    ...(secrets && { "secret values": { all: secrets } }),
  };
}

export function toMeta(carried: Carried): string | undefined {
  const text = JSON.stringify(carried);
  return text.length <= MOST ? text : undefined;
}

export function fromMeta(text: string | undefined): Carried {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return value && typeof value === "object" ? (value as Carried) : {}; // written by `toMeta`; `list` checks each hash
  } catch {
    return {};
  }
}

export function carriedSpecs(carried: Carried): Spec<string>[] {
  return KINDS.flatMap((kind) => Object.entries(carried[kind] ?? {}).map(([name, value]) => ({ kind, name, value })));
}

/** Nothing is done for them: they go, change and come with the release. */
export function carriedKinds(live: () => Promise<Carried>): AnyKind[] {
  return KINDS.map((name) =>
    defineKind<string, string>({
      name,
      phase: "prepare",
      async list() {
        const hashes = Object.entries((await live())[name] ?? {});
        return new Map(hashes.filter(([, hash]) => typeof hash === "string"));
      },
      diff: (value, hash) => (value === hash ? [] : [{ path: "contents", from: hash, to: value }]),
      create: async ({ value }) => value,
      update: async ({ value }) => value,
    }),
  );
}
