/**
 * The files of a deployment: named by the SHA-1 of their contents, and sent only where Vercel has none of that name.
 * https://vercel.com/docs/rest-api/reference/endpoints/deployments/upload-deployment-files
 * @module
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuiltArtefact } from "../../contracts.ts";
import { artefactChanged } from "../../engine/errors.ts";
import type { Api } from "./client.ts";

export interface FileEntry {
  /** Relative to the artefact: `.vercel/output/config.json`. */
  file: string;
  size: number;
  /** A regular file, readable by all. */
  mode: 33188;
  /** SHA-1, hex. */
  sha: string;
}

/** Uploads at a time. */
const AT_ONCE = 8;
const CONFIG = ".vercel/output/config.json";

/** Every file that the manifest names. Throws DEPLOY_ARTEFACT_CHANGED. */
export async function readFiles({ root, manifest }: BuiltArtefact): Promise<FileEntry[]> {
  const known = new Map<string, string | undefined>([[CONFIG, undefined]]);
  for (const { path, sha256 } of manifest.functions.flatMap(({ files }) => files)) known.set(path, sha256);
  for (const { path, sha256 } of manifest.assets) known.set(path, sha256);
  const entries: FileEntry[] = [];
  for (const [file, sha256] of known) {
    const contents = await readFile(join(root, file)).catch(() => {
      throw artefactChanged(file);
    });
    if (sha256 !== undefined && createHash("sha256").update(contents).digest("hex") !== sha256)
      throw artefactChanged(file);
    const sha = createHash("sha1").update(contents).digest("hex");
    entries.push({ file, size: contents.length, mode: 33188, sha });
  }
  return entries.sort((a, b) => (a.file < b.file ? -1 : 1));
}

export async function upload(
  api: Api,
  root: string,
  entries: readonly FileEntry[],
  missing: readonly string[],
): Promise<void> {
  const queue = [...new Set(missing)].flatMap((sha) => entries.find((entry) => entry.sha === sha) ?? []);
  const work = async () => {
    for (let next = queue.pop(); next; next = queue.pop()) {
      const contents = await readFile(join(root, next.file));
      if (createHash("sha1").update(contents).digest("hex") !== next.sha) throw artefactChanged(next.file);
      await api.call({
        name: `upload ${next.file}`,
        method: "POST",
        path: "/v2/files",
        bytes: new Uint8Array(contents),
        headers: {
          "content-type": "application/octet-stream",
          "x-now-digest": next.sha,
          "x-now-size": String(contents.length),
        },
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
