/**
 * The files of `public/`, as the build listed them. A path that is not in the list is not looked for on the disk, so
 * no path can lead out of the folder.
 * @module
 */
import { HttpError, problem } from "@godwit/core/errors";
import { type ByteRange, serveFile } from "@godwit/core/http/file";

/** Answers from a file; undefined where there is none for the path. */
export type AnswerFile = (request: Request) => Promise<Response> | undefined;

type Index = Record<string, [bytes: number, type: string, etag: string]>;

/** Files up to this size are read whole: one read costs less than a stream. */
const WHOLE = 65_536;
const CHUNK = 65_536;

/** Reads the index beside `root`, a file URL; undefined where the app has no files. */
export function openAssets(root: string): AnswerFile | undefined {
  const { existsSync, readFileSync } = process.getBuiltinModule("node:fs");
  const { fileURLToPath } = process.getBuiltinModule("node:url");
  const list = fileURLToPath(new URL("assets.json", root));
  if (!existsSync(list)) return undefined;
  const index = new Map(Object.entries(JSON.parse(readFileSync(list, "utf8")) as Index)); // printAssets wrote it
  const folder = fileURLToPath(new URL("public", root));

  return (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") return undefined;
    const path = decodePath(request.url);
    const file = path === undefined ? undefined : index.get(path);
    if (!file) return undefined;
    const [size, type, etag] = file;
    const open = (range: ByteRange = { start: 0, end: size - 1 }) => openFile(folder + path, range);
    // What hosts of static files send: kept, but asked about each time.
    const headers = { "cache-control": "public, max-age=0, must-revalidate" };
    return serveFile(request, { size, type, etag, open }, { headers }).catch((error: unknown) => {
      if (error instanceof HttpError) return problem(error.status, error.options);
      throw error;
    });
  };
}

/** The decoded path. `%2F` is no separator: such a path names no file. */
function decodePath(url: string): string | undefined {
  const path = url.slice(url.indexOf("/", url.indexOf("://") + 3)).split("?", 1)[0] ?? "";
  if (!path.includes("%")) return path;
  if (/%2f/i.test(path)) return undefined;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

async function openFile(path: string, { start, end }: ByteRange) {
  const size = end - start + 1;
  if (size <= 0) return new Uint8Array(0);
  const handle = await process.getBuiltinModule("node:fs/promises").open(path);
  let at = start;
  const read = async (most: number): Promise<Uint8Array<ArrayBuffer>> => {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(most), 0, most, at);
    // The index promised more: a file that shrank must not look whole.
    if (bytesRead === 0) throw new Error(`${path} is shorter than when the app was built.`);
    at += bytesRead;
    return buffer.subarray(0, bytesRead);
  };
  if (size <= WHOLE) {
    try {
      return await read(size);
    } finally {
      await handle.close();
    }
  }
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          controller.enqueue(await read(Math.min(CHUNK, end - at + 1)));
        } catch (error) {
          await handle.close();
          throw error;
        }
        if (at <= end) return;
        await handle.close();
        controller.close();
      },
      cancel: () => handle.close(),
    },
    { highWaterMark: 0 },
  );
}
