/**
 * Answers with a file: validators, ranges and HEAD by RFC 9110 sections 13 and 14. Where the bytes are (a disk, a
 * bucket, memory) is the caller's.
 * @module
 */
import { HttpError } from "../errors.ts";
import { matchesTag } from "./headers.ts";

/** Positions of bytes, both inclusive, as in HTTP and `fs.createReadStream`. */
export interface ByteRange {
  start: number;
  end: number;
}

export type FileBytes = ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>;

export interface ServedFile {
  /** Bytes of the whole. */
  size: number;
  /** The content type, with its charset. */
  type: string;
  /** With its quotes: `"abc"`, or `W/"abc"`, which no If-Range can use. */
  etag?: string;
  /** Counted in whole seconds. */
  lastModified?: Date;
  /** The bytes of the range alone, or all of them. Called only when they are sent. */
  open(range?: ByteRange): FileBytes | Promise<FileBytes>;
}

export interface ServeFileOptions {
  /** More headers for 200, 206 and 304, such as `cache-control`. */
  headers?: HeadersInit;
  /** Has the browser save the file under this name (RFC 6266). */
  download?: string;
}

/**
 * Serves a file to GET and HEAD: 200, 206, 304, 412 (`PRECONDITION_FAILED`) or 416 (`RANGE_UNSATISFIABLE`); another
 * method is a 405. Preconditions are weighed in the order of RFC 9110 section 13.2.2. One range is served; of several,
 * or of a malformed field, the answer is the whole file, as section 14.2 allows (many small ranges are an attack,
 * section 17.15). HEAD ignores ranges and opens nothing.
 *
 * @example
 * const bytes = await readReport(id);
 * return serveFile(request, { size: bytes.length, type: "application/pdf", etag: `"${id}"`, open: (range) =>
 *   range ? bytes.subarray(range.start, range.end + 1) : bytes }, { download: "report.pdf" });
 */
export async function serveFile(request: Request, file: ServedFile, options: ServeFileOptions = {}): Promise<Response> {
  const { method, headers: asked } = request;
  if (method !== "GET" && method !== "HEAD") throw new HttpError(405, { headers: { allow: "GET, HEAD" } });
  const headers = new Headers(options.headers);
  if (file.etag) headers.set("etag", file.etag);
  if (file.lastModified) headers.set("last-modified", file.lastModified.toUTCString());

  const failed = judge(asked, file);
  if (failed === 412) {
    throw new HttpError(412, { title: "Precondition Failed", code: "PRECONDITION_FAILED", headers });
  }
  if (failed === 304) {
    // The tag says it all (RFC 9110 section 15.4.5).
    if (file.etag) headers.delete("last-modified");
    return new Response(null, { status: 304, headers });
  }

  headers.set("accept-ranges", "bytes");
  const range = method === "GET" && allowsRange(asked, file) ? parseRange(asked.get("range"), file.size) : undefined;
  if (range === "unsatisfiable") {
    throw new HttpError(416, {
      title: "Range Not Satisfiable",
      code: "RANGE_UNSATISFIABLE",
      headers: { "content-range": `bytes */${file.size}`, "accept-ranges": "bytes" },
    });
  }
  headers.set("content-type", file.type);
  headers.set("content-length", String(range ? range.end - range.start + 1 : file.size));
  if (range) headers.set("content-range", `bytes ${range.start}-${range.end}/${file.size}`);
  if (options.download !== undefined) headers.set("content-disposition", attachment(options.download));
  return new Response(method === "HEAD" ? null : await file.open(range), { status: range ? 206 : 200, headers });
}

/** The preconditions of RFC 9110 section 13.2.2, of a file that is there. */
function judge(asked: Headers, { etag, lastModified }: ServedFile): 304 | 412 | undefined {
  const ifMatch = asked.get("if-match");
  const ifNoneMatch = asked.get("if-none-match");
  const changedSince = (field: string): boolean | undefined => {
    const since = toSeconds(asked.get(field));
    const modified = toSeconds(lastModified);
    return since === undefined || modified === undefined ? undefined : modified > since;
  };
  if (ifMatch !== null ? !matchesTag(ifMatch, etag, "strong") : changedSince("if-unmodified-since") === true)
    return 412;
  const isKnown =
    ifNoneMatch !== null ? matchesTag(ifNoneMatch, etag, "weak") : changedSince("if-modified-since") === false;
  return isKnown ? 304 : undefined;
}

/** If-Range (RFC 9110 section 13.1.5): a strong tag, or the very date. */
function allowsRange(asked: Headers, { etag, lastModified }: ServedFile): boolean {
  const ifRange = asked.get("if-range")?.trim();
  if (ifRange === undefined) return true;
  if (ifRange.includes('"')) return etag === ifRange && !etag.startsWith("W/");
  const at = toSeconds(ifRange);
  return at !== undefined && at === toSeconds(lastModified);
}

function toSeconds(date: Date | string | null | undefined): number | undefined {
  const time = typeof date === "string" ? Date.parse(date) : date?.getTime();
  return time === undefined || Number.isNaN(time) ? undefined : Math.floor(time / 1000);
}

/** RFC 9110 section 14.1.2. Undefined is "send the whole". */
function parseRange(field: string | null, size: number): ByteRange | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(field ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") {
    if (Number(last) === 0) return "unsatisfiable";
    // The last bytes of an empty file: satisfiable, and no Content-Range can say it.
    return size === 0 ? undefined : { start: Math.max(size - Number(last), 0), end: size - 1 };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= size) return "unsatisfiable";
  return { start, end: last === "" ? size - 1 : Math.min(Number(last), size - 1) };
}

/** RFC 6266: a plain name for old clients, the real one in UTF-8 (RFC 8187). */
function attachment(name: string): string {
  const safe = name.replace(/[^ !#$&+\-.^_`|~\w()[\]{},;=@']/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${safe}"${safe === name ? "" : `; filename*=UTF-8''${encoded}`}`;
}

/**
 * The name of a file of `public/` from an encoded pathname: decoded once per segment, with a leading slash. Undefined
 * for what could leave the folder or means something else to a file system: malformed percent-encoding, encoded
 * slashes, backslashes, NUL, `.` and `..`.
 */
export function decodeAssetPath(pathname: string): string | undefined {
  try {
    const segments = pathname.split("/").map(decodeURIComponent);
    const isSafe = segments.every((segment) => !/[/\\\0]/.test(segment) && segment !== "." && segment !== "..");
    return isSafe ? segments.join("/") : undefined;
  } catch {
    return undefined;
  }
}
