/**
 * What a rehearsal was given, as an artefact that the emulator takes: a folder for each function, and a manifest that
 * says no more than Lambda and its front were told.
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, normalize, sep } from "node:path";
import type { Artefact, Upload, UploadedUnit } from "@godwit/bundler/contracts";
import type { ManifestFunction, Resource } from "@godwit/core/manifest";
import { artefactInvalid } from "../_emulate/errors.ts";

/** Writes below `folder`. Throws EMULATOR_ARTEFACT_INVALID for a path that leads out of it. */
export async function toArtefact({ target, variant, units, routes }: Upload, folder: string): Promise<Artefact> {
  const all = join(folder, "functions");
  for (const { name, files } of units) {
    const own = join(all, name);
    if (dirname(own) !== all) throw artefactInvalid(name);
    for (const [path, contents] of Object.entries(files)) {
      const to = join(own, normalize(path));
      if (!to.startsWith(own + sep)) throw artefactInvalid(path);
      if (path.endsWith("/")) continue; // a zip may name its folders
      await mkdir(dirname(to), { recursive: true });
      await writeFile(to, contents);
    }
  }
  return {
    root: folder,
    manifest: {
      version: 1,
      app: "upload",
      target,
      deployer: "",
      functions: units.map((unit) => toFunction(unit, variant)),
      front: { kind: variant, routes: [...routes] },
      assets: [],
      resources: units.map(toResource),
      triggers: [],
      env: { vars: [], secrets: [] },
      verify: [],
      hash: "",
    },
  };
}

function toFunction({ name, entry }: UploadedUnit, variant: string): ManifestFunction {
  return {
    id: name,
    role: "handler",
    variant,
    reason: "uploaded",
    entry: `functions/${name}/${entry}`,
    files: [],
    bytes: 0,
    gzipBytes: 0,
    routes: [],
    settings: {},
    hash: "",
  };
}

/** As `emulate` reads it: seconds, and the stage that the front is in. */
function toResource({ name, memory, timeout, settings }: UploadedUnit): Resource {
  const spec = {
    ...(memory !== undefined && { memory }),
    ...(timeout !== undefined && { timeout: timeout / 1000 }),
    ...(typeof settings?.stage === "string" && { stage: settings.stage }),
  };
  return { kind: "lambda", name, spec };
}
