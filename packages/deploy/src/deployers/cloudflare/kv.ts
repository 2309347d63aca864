/**
 * KV namespaces that bindings without an id need. The title says whose they are.
 * @module
 */
import type { AnyKind, Spec } from "../../contracts.ts";
import { defineKind } from "../../engine/kind.ts";
import { TITLE_TAKEN } from "./failures.ts";
import { toTitle } from "./names.ts";
import type { Stage } from "./stage.ts";
import type { Place } from "./state.ts";

export const KV = "Workers KV Storage: Edit";

export interface Namespace {
  id: string;
  title: string;
}

/** All of the account, page after page until one is not full. */
export async function listNamespaces({ client, account }: Pick<Place, "client" | "account">): Promise<Namespace[]> {
  const all: Namespace[] = [];
  for (let page = 1; page <= 100; page++) {
    const found = await client.get<Namespace[]>({
      name: "list the KV namespaces",
      path: `/accounts/${account}/storage/kv/namespaces`,
      query: { per_page: "100", page: String(page) },
      scope: KV,
    });
    all.push(...found);
    if (found.length < 100) break;
  }
  return all;
}

/** Undefined: one of that title is there, and not of this call. */
export async function createNamespace({ client, account }: Place, title: string): Promise<Namespace | undefined> {
  return client.call<Namespace | undefined>({
    name: "create a KV namespace",
    method: "POST",
    path: `/accounts/${account}/storage/kv/namespaces`,
    json: { title },
    scope: KV,
    absent: [TITLE_TAKEN],
  });
}

export async function removeNamespace({ client, account }: Place, id: string): Promise<void> {
  await client.call<unknown>({
    name: "remove a KV namespace",
    method: "DELETE",
    path: `/accounts/${account}/storage/kv/namespaces/${id}`,
    scope: KV,
    absent: [],
  });
}

export function kvSpecs({ workers }: Stage): Spec[] {
  const names = workers.flatMap(({ wrangler }) =>
    (wrangler.kv_namespaces ?? []).flatMap(({ binding, id }) => (id ? [] : [binding])),
  );
  return [...new Set(names)].sort().map((name) => ({ kind: "kv", name, value: {} }));
}

/** The lock is a namespace too, and none of the app's. */
export const LOCK_NAME = "lock";

export function kvKind(stage: Stage): AnyKind {
  const prefix = toTitle(stage.script, "");
  return defineKind<unknown, Namespace>({
    name: "kv",
    phase: "prepare",
    async list() {
      const own = (await listNamespaces(stage)).filter(({ title }) => title.startsWith(prefix));
      return new Map(
        own.map((one) => [one.title.slice(prefix.length), one] as const).filter(([name]) => name !== LOCK_NAME),
      );
    },
    diff: () => [],
    async create({ name }) {
      const title = toTitle(stage.script, name);
      const made = await createNamespace(stage, title);
      // An answer that was lost: it is there by the title, which is this app's alone.
      const found = made ?? (await listNamespaces(stage)).find((one) => one.title === title);
      if (found) return found;
      throw new Error(`The KV namespace ${title} is there and is not listed.`);
    },
    update: async (_spec, live) => live,
    remove: (_name, live) => removeNamespace(stage, live.id),
    irreversible: (spec, live) => (!spec && live ? `all that is stored in ${live.title} is lost` : undefined),
  });
}
