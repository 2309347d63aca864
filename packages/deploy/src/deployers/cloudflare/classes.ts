/**
 * Which classes of Durable Objects a Worker has, and which a release wants.
 * @module
 */
import { frontWorker, type Stage } from "./stage.ts";
import { type Place, SCRIPTS } from "./state.ts";

export interface ObjectClass {
  storage: "sqlite" | "kv";
}

/** Of the Worker in front, by the class's name. */
export async function listClasses({
  client,
  account,
  script,
}: Pick<Place, "client" | "account" | "script">): Promise<Map<string, ObjectClass>> {
  const all = new Map<string, ObjectClass>();
  for (let page = 1; page <= 100; page++) {
    const found = await client.get<{ class?: string; script?: string; use_sqlite?: boolean }[]>({
      name: "list the Durable Objects",
      path: `/accounts/${account}/workers/durable_objects/namespaces`,
      query: { per_page: "100", page: String(page) },
      scope: SCRIPTS,
    });
    for (const one of found) {
      if (one.script === script && one.class) all.set(one.class, { storage: one.use_sqlite ? "sqlite" : "kv" });
    }
    if (found.length < 100) break;
  }
  return all;
}

/** In the order of the config, which is that of wrangler's tags. */
export function wantedClasses(stage: Pick<Stage, "workers">): Map<string, ObjectClass> {
  const steps = frontWorker(stage)?.wrangler.migrations ?? [];
  const of = (names: string[] | undefined, storage: ObjectClass["storage"]) =>
    (names ?? []).map((name) => [name, { storage }] as const);
  return new Map(
    steps.flatMap(({ new_sqlite_classes, new_classes }) => [
      ...of(new_sqlite_classes, "sqlite"),
      ...of(new_classes, "kv"),
    ]),
  );
}
