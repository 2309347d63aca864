/**
 * Durable Objects: which classes the Worker in front exports, of the config and of stores.
 * developers.cloudflare.com/durable-objects
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { Resource } from "@godwit/core/manifest";
import type { CloudflareConfig } from "./config.ts";

export interface ObjectClass {
  binding: string;
  /** The name that the Worker exports it by, and that Cloudflare keeps its objects under. */
  class: string;
  module: string;
  /** Its name in the module. */
  export: string;
  storage: "sqlite" | "kv";
}

/**
 * The classes of the config first, in its order, then those of stores; a binding of the config is not a store's. Throws
 * CLOUDFLARE_CLASS_TWICE for one name that two modules have.
 */
export function toObjects(
  { durableObjects }: Pick<CloudflareConfig, "durableObjects">,
  resources: readonly Resource[] = [],
): ObjectClass[] {
  const own = Object.entries(durableObjects).map(
    ([binding, { class: name, module, storage = "sqlite" }]): ObjectClass => ({
      binding,
      class: name,
      module: `./${module.replace(/^(?:\.\/)+/, "")}`,
      export: name,
      storage,
    }),
  );
  const stores = resources
    .filter(({ kind, name }) => kind === "durable-object" && !durableObjects[name])
    // A class of its own for each binding: objects of one class are one store's.
    .map(
      ({ name, spec }): ObjectClass => ({
        binding: name,
        class: name,
        module: String(spec.module),
        export: String(spec.class),
        storage: "sqlite",
      }),
    );
  const all = [...own, ...stores];
  for (const one of all) {
    const other = all.find(
      (each) => each.class === one.class && (each.module !== one.module || each.storage !== one.storage),
    );
    if (other) {
      throw new GodwitError(
        "CLOUDFLARE_CLASS_TWICE",
        `The Durable Objects ${one.binding} and ${other.binding} are both of a class ${one.class}, of ${one.module} (${one.storage}) and ${other.module} (${other.storage}). A Worker exports a name once: rename one.`,
      );
    }
  }
  return all;
}

/** Each class once. */
export function classesOf(objects: readonly ObjectClass[]): ObjectClass[] {
  return [...new Map(objects.map((one) => [one.class, one])).values()];
}

/** Lines of an entry. */
export function exportObjects(objects: readonly ObjectClass[]): string[] {
  return classesOf(objects).map(({ class: name, module, export: own }) => {
    const names = own === name ? name : `${own} as ${name}`;
    return `export { ${names} } from ${JSON.stringify(module)};`;
  });
}

/** As `wrangler.json` has them. The class's name is the tag: a new class goes to the end of the config. */
export function toMigrations(
  objects: readonly ObjectClass[],
): { tag: string; new_sqlite_classes?: string[]; new_classes?: string[] }[] {
  return classesOf(objects).map(({ class: name, storage }) => ({
    tag: name,
    ...(storage === "sqlite" ? { new_sqlite_classes: [name] } : { new_classes: [name] }),
  }));
}
