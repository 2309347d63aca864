/**
 * What a rehearsal was given, as an artefact: what every platform's `upload.ts` does alike.
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, normalize, sep } from "node:path";
import type { Artefact, Upload } from "@godwit/bundler/contracts";
import { MANIFEST_VERSION, type ManifestFile, type ManifestFunction, type Resource } from "@godwit/core/manifest";
import { artefactInvalid } from "./errors.ts";

/** Writes a file below `folder`, for this user alone: secrets may be in there. A path that leads out of it is refused. */
export async function writeBelow(folder: string, path: string, contents: Uint8Array | string): Promise<void> {
  const to = join(folder, normalize(path));
  if (!to.startsWith(folder + sep)) throw artefactInvalid(path);
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, contents, { mode: 0o600 });
}

interface Uploaded {
  id: string;
  variant: string;
  /** Relative to the artefact's folder. */
  entry: string;
  files?: string[];
}

/** An artefact whose manifest says no more than the upload does. */
export function toUploaded(
  { target, routes }: Upload,
  {
    root,
    front,
    functions,
    resources = [],
  }: { root: string; front: string; functions: Uploaded[]; resources?: Resource[] },
): Artefact {
  return {
    root,
    manifest: {
      version: MANIFEST_VERSION,
      app: "upload",
      target,
      deployer: "",
      functions: functions.map(toFunction),
      front: { kind: front, routes: [...routes] },
      assets: [],
      resources,
      triggers: [],
      env: { vars: [], secrets: [] },
      verify: [],
      hash: "",
    },
  };
}

function toFunction({ files = [], ...rest }: Uploaded): ManifestFunction {
  return {
    ...rest,
    role: "handler",
    reason: "uploaded",
    files: files.map((path): ManifestFile => ({ path, bytes: 0, sha256: "" })),
    bytes: 0,
    gzipBytes: 0,
    routes: [],
    settings: {},
    hash: "",
  };
}
