/**
 * The artefact is what the build wrote, to the byte: between a plan and its upload somebody may have touched it.
 * @module
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuiltArtefact } from "../contracts.ts";
import { artefactChanged } from "./errors.ts";

/** Files that are read at a time. */
const LIMIT = 16;

/** Throws DEPLOY_ARTEFACT_CHANGED with the first file that is not what the manifest says. */
export async function checkArtefact({ root, manifest }: BuiltArtefact): Promise<void> {
  const files = new Map<string, string>();
  for (const { files: own, zip } of manifest.functions) {
    for (const { path, sha256 } of zip ? [...own, zip] : own) files.set(path, sha256);
  }
  for (const { path, sha256 } of manifest.assets) files.set(path, sha256);
  const left = [...files];
  const worker = async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const [path, sha256] = next;
      const bytes = await readFile(join(root, path)).catch(() => undefined);
      if (!bytes || createHash("sha256").update(bytes).digest("hex") !== sha256) throw artefactChanged(path);
    }
  };
  await Promise.all(Array.from({ length: LIMIT }, worker));
}
