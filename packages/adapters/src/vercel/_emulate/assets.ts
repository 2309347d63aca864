/**
 * `static/` as Vercel's proxy serves it: with a validator, a type, single ranges, and GET and HEAD alone.
 * @module
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join, sep } from "node:path";
import { fail } from "./failure.ts";

export interface Overrides {
  [path: string]: { contentType?: string };
}

export interface StaticFiles {
  /** The file of an encoded path. */
  find(path: string): string | undefined;
  serve(file: string, req: IncomingMessage, res: ServerResponse): Promise<void>;
}

/** Lists the folder once: a path is looked up in that list, so that none leads out of it. */
export async function openStatic(folder: string, overrides: Overrides): Promise<StaticFiles> {
  const names = new Set<string>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isDirectory()) names.add(join(entry.parentPath, entry.name).slice(folder.length).split(sep).join("/"));
  }
  return {
    find(path) {
      const decoded = decode(path);
      if (decoded === undefined) return undefined;
      if (names.has(decoded)) return decoded;
      const index = `${decoded === "/" ? "" : decoded}/index.html`;
      return names.has(index) ? index : undefined;
    },
    async serve(file, req, res) {
      if (req.method !== "GET" && req.method !== "HEAD") return fail(res, 405, "INVALID_REQUEST_METHOD");
      const contents = await readFile(join(folder, ...file.split("/")));
      const etag = `"${createHash("md5").update(contents).digest("hex")}"`;
      res.setHeader("cache-control", "public, max-age=0, must-revalidate");
      res.setHeader("etag", etag);
      res.setHeader("accept-ranges", "bytes");
      if (matches(req.headers["if-none-match"], etag)) {
        res.writeHead(304).end();
        return;
      }
      res.setHeader("content-type", overrides[file.slice(1)]?.contentType ?? "application/octet-stream");
      const range = readRange(req, etag, contents.length);
      if (range === "unsatisfiable") {
        res.setHeader("content-range", `bytes */${contents.length}`);
        res.writeHead(416).end();
        return;
      }
      const part = range ? contents.subarray(range.start, range.end + 1) : contents;
      if (range) res.setHeader("content-range", `bytes ${range.start}-${range.end}/${contents.length}`);
      res.setHeader("content-length", part.length);
      res.writeHead(range ? 206 : 200);
      res.end(req.method === "HEAD" ? undefined : part);
    },
  };
}

/** An encoded slash is part of a name, and no file has one in its name. */
function decode(path: string): string | undefined {
  try {
    return /%2f/i.test(path) ? undefined : decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** RFC 9110 section 13.1.2: weak comparison. */
function matches(field: string | undefined, etag: string): boolean {
  return field?.split(",").some((tag) => ["*", etag, `W/${etag}`].includes(tag.trim())) ?? false;
}

/** RFC 9110 section 14.2: one range, of a GET, and of this very file where `If-Range` is there. */
function readRange(
  req: IncomingMessage,
  etag: string,
  size: number,
): { start: number; end: number } | "unsatisfiable" | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(req.headers.range ?? "") ?? [];
  const condition = req.headers["if-range"];
  if (req.method !== "GET" || from === undefined || from + to === "" || (condition && condition !== etag))
    return undefined;
  const start = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return start > end || start >= size ? "unsatisfiable" : { start, end };
}
