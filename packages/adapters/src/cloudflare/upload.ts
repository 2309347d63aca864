/**
 * What a rehearsal was given, as an artefact that the emulator takes: a folder for each Worker, with the `wrangler.json`
 * that says what the API was told.
 * @module
 */
import { dirname, join } from "node:path";
import type { Artefact, Upload, UploadedUnit } from "@godwit/bundler/contracts";
import { printSorted } from "@godwit/core/manifest";
import { toUploaded, writeBelow } from "../_emulate/uploaded.ts";
import type { WranglerConfig } from "./wrangler.ts";

/** Modules and files of `public/` of a unit lie below these. */
const MODULES = "modules/";
const ASSETS = "assets/";

/** Writes below `folder`. Throws EMULATOR_ARTEFACT_INVALID for a path that leads out of it. */
export async function toArtefact(upload: Upload, folder: string): Promise<Artefact> {
  for (const unit of upload.units) {
    const { name, files, entry } = unit;
    for (const [path, contents] of Object.entries(files)) await writeBelow(folder, `${name}/${path}`, contents);
    // The emulator looks for it beside the entry, which may lie in a folder of the modules.
    await writeBelow(folder, join(name, dirname(entry), "wrangler.json"), printSorted(toConfig(unit)));
  }
  const functions = upload.units.map(({ name, entry, files }) => {
    const modules = Object.keys(files).filter((path) => path.startsWith(MODULES));
    return { id: name, variant: "worker", entry: `${name}/${entry}`, files: modules.map((path) => `${name}/${path}`) };
  });
  return toUploaded(upload, { root: folder, front: "worker", functions });
}

/** Bindings as the API spells them, as wrangler does. */
function toConfig({ name, entry, files, env, bindings = [], settings = {} }: UploadedUnit): WranglerConfig {
  const of = (type: string): Record<string, unknown>[] => bindings.filter((binding) => binding.type === type);
  const text = (value: unknown): string => String(value ?? "");
  const json = of("json").map((binding) => [text(binding.name), binding.json] as const);
  const hasAssets = Object.keys(files).some((path) => path.startsWith(ASSETS));
  const depth = entry.split("/").length - 1;
  return {
    name,
    main: "index.js",
    compatibility_date: text(settings.compatibility_date),
    compatibility_flags: (settings.compatibility_flags as string[] | undefined) ?? [], // as the API was told
    no_bundle: true,
    find_additional_modules: true,
    rules: [],
    workers_dev: true,
    vars: { ...Object.fromEntries(json), ...env } as NonNullable<WranglerConfig["vars"]>, // JSON, as it came over the wire
    kv_namespaces: of("kv_namespace").map((one) => ({ binding: text(one.name), id: text(one.namespace_id) })),
    r2_buckets: of("r2_bucket").map((one) => ({ binding: text(one.name), bucket_name: text(one.bucket_name) })),
    d1_databases: of("d1").map((one) => ({
      binding: text(one.name),
      database_name: text(one.id),
      database_id: text(one.id),
    })),
    queues: { producers: of("queue").map((one) => ({ binding: text(one.name), queue: text(one.queue_name) })) },
    durable_objects: {
      bindings: of("durable_object_namespace").map((one) => ({
        name: text(one.name),
        class_name: text(one.class_name),
        ...(one.script_name !== undefined && { script_name: text(one.script_name) }),
      })),
    },
    // What the script's namespaces were made with.
    migrations: Object.entries(Object(settings.classes)).map(([tag, storage]) => ({
      tag,
      ...(storage === "sqlite" ? { new_sqlite_classes: [tag] } : { new_classes: [tag] }),
    })),
    services: of("service").map((one) => ({
      binding: text(one.name),
      service: text(one.service),
      ...(one.entrypoint !== undefined && { entrypoint: text(one.entrypoint) }),
    })),
    ratelimits: of("ratelimit").map((one) => ({
      name: text(one.name),
      namespace_id: text(one.namespace_id),
      simple: one.simple as { limit: number; period: 10 | 60 }, // as the API was told
    })),
    ...(hasAssets && {
      assets: { directory: `${"../".repeat(depth)}assets`, html_handling: "none", not_found_handling: "none" },
    }),
  };
}
