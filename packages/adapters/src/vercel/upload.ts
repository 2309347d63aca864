/**
 * What a rehearsal was given, as an artefact that the emulator takes: the uploaded build output, and a manifest that
 * says no more than the files do.
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, normalize, sep } from "node:path";
import type { Artefact, Upload } from "@godwit/bundler/contracts";
import { artefactInvalid } from "../_emulate/errors.ts";

/** Writes below `folder`. Throws EMULATOR_ARTEFACT_INVALID for a path that leads out of it. */
export async function toArtefact({ target, variant, units, routes }: Upload, folder: string): Promise<Artefact> {
  for (const [path, contents] of units.flatMap(({ files }) => Object.entries(files))) {
    const to = join(folder, normalize(path));
    if (!to.startsWith(folder + sep)) throw artefactInvalid(path);
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, contents);
  }
  const functions = units
    .filter(({ entry }) => entry.includes(".func/"))
    .map(({ name, entry }) => ({
      id: name,
      role: "handler" as const, // the literal, not string
      variant: "",
      reason: "uploaded",
      entry,
      files: [],
      bytes: 0,
      gzipBytes: 0,
      routes: [],
      settings: {},
      hash: "",
    }));
  return {
    root: folder,
    manifest: {
      version: 1,
      app: "upload",
      target,
      deployer: "",
      functions,
      front: { kind: variant, routes: [...routes] },
      assets: [],
      resources: [],
      triggers: [],
      env: { vars: [], secrets: [] },
      verify: [],
      hash: "",
    },
  };
}
