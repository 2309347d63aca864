/**
 * The files of `public/` that lie beside a function, as the build listed them. A path that is not in the list is not
 * looked for on the disk.
 * @module
 */
import { HttpError, problem } from "@godwit/core/errors";
import { decodeAssetPath, serveFile } from "@godwit/core/http/file";

/** Answers from a file; undefined where there is none for the request. */
export type AnswerFile = (request: Request) => Promise<Response> | undefined;

/** URL path (decoded, with a leading slash) -> bytes, content type, entity tag. */
export type AssetIndex = Record<string, [size: number, type: string, etag: string]>;

/** The name of the index, beside the folder `public`. */
export const INDEX = "assets.json";

/**
 * Opens the files beside a module, given its URL. The index is read on first use; without one there are no files.
 *
 * @example export const handler = toHandler(app, { files: openFiles(import.meta.url) });
 */
export function openFiles(module: string): AnswerFile {
  let index: Map<string, AssetIndex[string]> | undefined;
  return (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") return undefined;
    index ??= readIndex(module);
    const { url } = request;
    const [pathname = ""] = url.slice(url.indexOf("/", url.indexOf("://") + 3)).split("?", 1);
    const path = index.size ? decodeAssetPath(pathname) : undefined;
    const file = path === undefined ? undefined : index.get(path);
    if (!file) return undefined;
    const [size, type, etag] = file;
    const open = async (range = { start: 0, end: size - 1 }) => {
      const { readFile } = process.getBuiltinModule("node:fs/promises");
      const bytes = await readFile(new URL(`public${encodePath(path ?? "")}`, module));
      return new Uint8Array(bytes.subarray(range.start, range.end + 1));
    };
    // What hosts of static files send: kept, but asked about each time.
    const headers = { "cache-control": "public, max-age=0, must-revalidate" };
    return serveFile(request, { size, type, etag, open }, { headers }).catch((error: unknown) => {
      if (error instanceof HttpError) return problem(error.status, error.options);
      throw error;
    });
  };
}

const encodePath = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

function readIndex(module: string): Map<string, AssetIndex[string]> {
  const { existsSync, readFileSync } = process.getBuiltinModule("node:fs");
  const file = new URL(INDEX, module);
  const index: AssetIndex = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  return new Map(Object.entries(index));
}
