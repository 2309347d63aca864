/**
 * The files of `public/`.
 * @module
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import { lookup } from "mrmime";
import type { AssetFile } from "./contracts.ts";
import { type Entry, listFolder } from "./scan-files.ts";

/** By path. Of names with a dot in front, `.well-known/` alone is served (RFC 8615). */
export async function scanAssets(root: string, top: readonly Entry[]): Promise<AssetFile[]> {
  const assets: AssetFile[] = [];
  if (top.some(({ name, kind }) => name === "public" && kind === "folder"))
    await walk(root, "public", [join(root, "public")], assets);
  return assets.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function walk(root: string, folder: string, above: readonly string[], assets: AssetFile[]): Promise<void> {
  for (const { name, kind, real } of (await listFolder(root, folder, above)) ?? []) {
    if (name.startsWith(".") && name !== ".well-known") continue;
    const file = `${folder}/${name}`;
    if (kind === "folder") {
      await walk(root, file, [...above, real], assets);
      continue;
    }
    const source = join(root, file);
    const { size } = await stat(source).catch((cause: NodeJS.ErrnoException) => {
      throw new GodwitError("ASSET_UNREADABLE", `${file} cannot be read (${cause.code}).`, { cause });
    });
    assets.push({ path: file.slice("public".length).normalize("NFC"), source, bytes: size, contentType: toType(name) });
  }
}

function toType(name: string): string {
  const type = lookup(name) ?? "application/octet-stream";
  return type.startsWith("text/") ? `${type}; charset=utf-8` : type;
}
