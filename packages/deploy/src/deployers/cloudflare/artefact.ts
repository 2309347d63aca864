/**
 * From the artefact on disk to what Cloudflare is told of each Worker. `wrangler.json` beside the modules is the one
 * description; names in it are the production stage's.
 * @module
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import type { Manifest, ManifestFile } from "@godwit/core/manifest";
import type { BuiltArtefact } from "../../contracts.ts";
import { artefactChanged } from "../../engine/errors.ts";

/** The members of a built `wrangler.json` that are read. */
export interface Wrangler {
  name: string;
  main: string;
  compatibility_date: string;
  compatibility_flags?: string[];
  workers_dev?: boolean;
  preview_urls?: boolean;
  vars?: Record<string, unknown>;
  kv_namespaces?: { binding: string; id?: string }[];
  r2_buckets?: { binding: string; bucket_name: string }[];
  d1_databases?: { binding: string; database_name: string; database_id?: string }[];
  queues?: { producers?: { binding: string; queue: string }[] };
  durable_objects?: { bindings: { name: string; class_name: string }[] };
  migrations?: { tag: string; new_sqlite_classes?: string[]; new_classes?: string[] }[];
  services?: { binding: string; service: string; entrypoint?: string }[];
  ratelimits?: { name: string; namespace_id: string; simple: object }[];
  routes?: { pattern: string; zone_name?: string; custom_domain?: boolean }[];
  triggers?: { crons: string[] };
  assets?: { directory: string; html_handling?: string; not_found_handling?: string };
}

export interface Module {
  /** As the other modules import it. */
  name: string;
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
}

export interface BuiltWorker {
  /** The function's id. */
  id: string;
  front: boolean;
  wrangler: Wrangler;
  /** Of the function's files and settings. */
  hash: string;
  modules: Module[];
}

export interface BuiltAsset {
  /** As a client asks for it, encoded. */
  path: string;
  file: string;
  bytes: number;
  /** Cloudflare's name for the contents: 32 hexadecimal digits, of the bytes and what they are. */
  hash: string;
  sha256: string;
}

/** developers.cloudflare.com/workers/configuration/multipart-upload-metadata */
const TYPES: Record<string, string> = {
  ".js": "application/javascript+module",
  ".mjs": "application/javascript+module",
  ".wasm": "application/wasm",
  ".txt": "text/plain",
  ".bin": "application/octet-stream",
};

/** Throws DEPLOY_ARTEFACT_CHANGED for a file that the build did not write so. */
export async function readWorkers({ root, manifest }: BuiltArtefact): Promise<BuiltWorker[]> {
  const frontId = frontOf(manifest);
  return Promise.all(
    manifest.functions.map(async ({ id, entry, files, hash }) => {
      const folder = dirname(entry);
      const [wrangler, modules] = await Promise.all([
        readFile(join(root, folder, "wrangler.json"), "utf8"),
        Promise.all(
          files
            .filter(({ path }) => TYPES[extname(path)])
            .map(async (file) => ({
              name: file.path.slice(folder.length + 1),
              type: TYPES[extname(file.path)] ?? "",
              bytes: await readBuilt(root, file),
            })),
        ),
      ]);
      return { id, front: id === frontId, wrangler: JSON.parse(wrangler) as Wrangler, hash, modules }; // the build wrote it
    }),
  );
}

export function frontOf({ front, functions }: Manifest): string {
  return front.routes[0]?.function ?? functions[0]?.id ?? "";
}

/** A file of the artefact, proven. */
export async function readBuilt(root: string, { path, sha256 }: ManifestFile): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(await readFile(join(root, path)));
  if (createHash("sha256").update(bytes).digest("hex") !== sha256) throw artefactChanged(path);
  return bytes;
}

/** Files of `public/`. The hash covers the extension, since that is what their content type comes of. */
export function toAssets({ manifest }: BuiltArtefact): BuiltAsset[] {
  return manifest.assets.map(({ path, bytes, sha256 }) => {
    const hash = createHash("sha256")
      .update(`${sha256}${extname(path)}`)
      .digest("hex")
      .slice(0, 32);
    const name = path.replace(/^assets/, "");
    return { path: name.split("/").map(encodeURIComponent).join("/"), file: path, bytes, hash, sha256 };
  });
}
