/**
 * What a rehearsal was given, as an artefact that the emulator takes: a folder for each function, and a manifest that
 * says no more than Lambda and its front were told.
 * @module
 */
import { dirname, join } from "node:path";
import type { Artefact, Upload, UploadedUnit } from "@godwit/bundler/contracts";
import type { Resource } from "@godwit/core/manifest";
import { artefactInvalid } from "../_emulate/errors.ts";
import { toUploaded, writeBelow } from "../_emulate/uploaded.ts";

/** Writes below `folder`. Throws EMULATOR_ARTEFACT_INVALID for a path that leads out of it. */
export async function toArtefact(upload: Upload, folder: string): Promise<Artefact> {
  const { variant, units } = upload;
  const all = join(folder, "functions");
  for (const { name, files } of units) {
    const own = join(all, name);
    if (dirname(own) !== all) throw artefactInvalid(name);
    for (const [path, contents] of Object.entries(files)) {
      if (!path.endsWith("/")) await writeBelow(own, path, contents); // a zip may name its folders
    }
  }
  const functions = units.map(({ name, entry }) => ({ id: name, variant, entry: `functions/${name}/${entry}` }));
  return toUploaded(upload, { root: folder, front: variant, functions, resources: units.map(toResource) });
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
