/**
 * What a rehearsal was given, as an artefact that the emulator takes: the uploaded build output.
 * @module
 */
import type { Artefact, Upload } from "@godwit/bundler/contracts";
import { toUploaded, writeBelow } from "../_emulate/uploaded.ts";

/** Writes below `folder`. Throws EMULATOR_ARTEFACT_INVALID for a path that leads out of it. */
export async function toArtefact(upload: Upload, folder: string): Promise<Artefact> {
  for (const [path, contents] of upload.units.flatMap(({ files }) => Object.entries(files))) {
    await writeBelow(folder, path, contents);
  }
  const functions = upload.units
    .filter(({ entry }) => entry.includes(".func/"))
    .map(({ name, entry }) => ({ id: name, variant: "", entry }));
  return toUploaded(upload, { root: folder, front: upload.variant, functions });
}
