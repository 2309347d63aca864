/**
 * Durable Objects: which classes a Worker has, and what an upload changes of them.
 * developers.cloudflare.com/durable-objects/reference/durable-object-class-migrations-legacy
 * @module
 */
import { createHash } from "node:crypto";
import { type Parts, Refusal, type Request, type ScriptRecord, type StoredBinding } from "./records.ts";

interface Step {
  new_classes?: string[];
  new_sqlite_classes?: string[];
  deleted_classes?: string[];
}

/** In an upload's metadata. */
export interface Migrations extends Step {
  old_tag?: string;
  new_tag?: string;
  steps?: Step[];
}

export type Classes = Record<string, "sqlite" | "kv">;

export function listNamespaces({ state }: Parts, { query }: Request): unknown {
  const size = Number(query.get("per_page") ?? 100);
  const from = (Number(query.get("page") ?? 1) - 1) * size;
  const all = Object.values(state.data.scripts).flatMap(({ name: script, classes = {} }) =>
    Object.entries(classes).map(([name, storage]) => ({
      id: createHash("sha256").update(`${script}/${name}`).digest("hex").slice(0, 32),
      name: `${script}_${name}`,
      script,
      class: name,
      use_sqlite: storage === "sqlite",
    })),
  );
  return all.slice(from, from + size);
}

/** The classes after it. Throws what the API answers where the tags or the classes do not fit. */
export function applyMigrations(migrations: Migrations, script: ScriptRecord | undefined): Classes {
  const { old_tag, new_tag, steps, ...single } = migrations;
  const tag = script?.migrationTag;
  if (!new_tag) throw new Refusal(400, 10021, "migrations.new_tag is missing.");
  if (old_tag !== undefined && old_tag !== tag) {
    throw new Refusal(412, 10079, `Actor migration tag precondition failed; expected tag "${old_tag}", got "${tag}".`);
  }
  const classes: Classes = { ...script?.classes };
  for (const { new_classes = [], new_sqlite_classes = [], deleted_classes = [] } of steps ?? [single]) {
    for (const name of [...new_classes, ...new_sqlite_classes]) {
      if (classes[name]) {
        throw new Refusal(
          400,
          10074,
          `Cannot apply new-class migration to class '${name}' that is already depended on by existing Durable Objects.`,
        );
      }
      classes[name] = new_classes.includes(name) ? "kv" : "sqlite";
    }
    for (const name of deleted_classes) {
      if (!classes[name])
        throw new Refusal(400, 10072, `Cannot apply delete-class migration to non-existent class '${name}'.`);
      delete classes[name];
    }
  }
  return classes;
}

/** What a version is bound to must be there, and what is there the version must export. */
export function checkClasses(
  { state }: Parts,
  bindings: readonly StoredBinding[],
  classes: Classes,
  sources: readonly string[],
): void {
  for (const { name, type, class_name, script_name } of bindings) {
    if (type !== "durable_object_namespace") continue;
    const known = script_name === undefined ? classes : (state.data.scripts[String(script_name)]?.classes ?? {});
    if (known[String(class_name)]) continue;
    throw new Refusal(
      400,
      10061,
      `Cannot create binding for class '${class_name}' (${name}) because it is not currently configured to implement Durable Objects.`,
    );
  }
  for (const name of Object.keys(classes)) {
    if (sources.some((source) => new RegExp(`export\\b[^;]*\\b${name.replaceAll("$", "\\$")}\\b`).test(source)))
      continue;
    throw new Refusal(
      400,
      10064,
      `New version of script does not export class '${name}' which is depended on by existing Durable Objects.`,
    );
  }
}
