/**
 * 8. emit: the platform's own layout, written through the builder, and the manifest that describes it.
 * @module
 */
import { readFileSync } from "node:fs";
import { GodwitError } from "@godwit/core/errors";
import { type Manifest, printSorted } from "@godwit/core/manifest";
import type { Builder, BuiltFunction } from "./contracts.ts";
import { toManifest } from "./emit-manifest.ts";
import { createRecords, type Records } from "./emit-records.ts";
import type { Stage } from "./emit-stage.ts";
import { createWriter, type Writer } from "./emit-writer.ts";
import type { AnalysedApp, BuildOptions } from "./steps.ts";
import { chooseStores, storeResources } from "./stores.ts";
import { zip } from "./zip.ts";

export interface EmitInput {
  options: BuildOptions;
  app: AnalysedApp;
  functions: BuiltFunction[];
}

/** Writes into the stage. Throws EMIT_PATH for a path that leaves it, EMIT_FILE_TWICE, EMIT_FILE_MISSING. */
export async function emit({ options, app, functions }: EmitInput, stage: Stage): Promise<Manifest> {
  const records = createRecords();
  const writer = createWriter(stage.artefact, stage.last.artefact);
  const put = (path: string, contents: Uint8Array): void => {
    records.add(checkPath(path), contents);
    writer.add(path, contents);
  };
  const sources = new Map<string, string>();
  const drivers = chooseStores(options.config ?? {}, options.target.name);
  const stores = storeResources({ routes: app.routes }, app, drivers);
  const builder: Builder = {
    app: options.app,
    config: options.targetConfig,
    functions,
    assets: app.assets,
    env: app.envNames,
    resources: stores,
    write: (path, contents) => put(path, typeof contents === "string" ? Buffer.from(contents) : contents),
    copy(from, path) {
      put(path, readFileSync(from));
      if (!sources.has(from)) sources.set(from, path);
    },
    zip: (files) => records.keepNot(zip(files)),
  };
  const emitted = await options.target.emit(builder);
  const assets = app.assets.flatMap(({ source }) => sources.get(source) ?? []);
  const manifest = toManifest({ options, app, functions, emitted, stores, records, assets });
  writer.add("manifest.json", Buffer.from(printSorted(manifest)));
  writeMaps(functions, records, createWriter(stage.maps, stage.last.maps));
  return manifest;
}

function checkPath(path: string): string {
  const plain = path !== "" && !/^\/|\\|\0|^[A-Za-z]:/.test(path);
  if (plain && !path.split("/").some((part) => part === "" || part === "." || part === "..")) return path;
  throw new GodwitError("EMIT_PATH", `The target writes to a path outside its folder: ${JSON.stringify(path)}`);
}

/**
 * `<target>.maps/` mirrors `<target>/`: the map of `functions/users/index.mjs` is `functions/users/index.mjs.map` there.
 * Functions that share a chunk share its map, as a link where the file system has links.
 */
function writeMaps(functions: BuiltFunction[], records: Records, writer: Writer): void {
  const mapOf = new Map<Uint8Array, Uint8Array>();
  for (const { files, maps } of functions) {
    const byPath = new Map(maps.map((map) => [map.path, map.contents]));
    for (const { path, contents } of files) {
      const map = byPath.get(`${path}.map`);
      if (map) mapOf.set(contents, map);
    }
  }
  for (const { path, contents } of records.all()) {
    const map = contents && mapOf.get(contents);
    if (map) writer.add(`${path}.map`, map);
  }
}
