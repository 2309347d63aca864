/**
 * The index of `public/`, made when the app is built: what is not in it is not served.
 * @module
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { AssetFile } from "@godwit/bundler/contracts";
import { printSorted } from "@godwit/core/manifest";

/** URL path (decoded, with a leading slash) -> bytes, media type, entity tag. */
export async function printAssets(assets: readonly AssetFile[]): Promise<string> {
  const index: Record<string, [bytes: number, type: string, etag: string]> = {};
  for (const { path, source, contentType } of assets) {
    const contents = await readFile(source);
    const etag = `"${createHash("sha256").update(contents).digest("base64url").slice(0, 22)}"`;
    index[path] = [contents.byteLength, contentType, etag];
  }
  return printSorted(index);
}
