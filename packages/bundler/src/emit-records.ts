/**
 * What the build has written: sizes and hashes, computed once for contents that many functions share.
 * @module
 */
import { createHash } from "node:crypto";
import { GodwitError } from "@godwit/core/errors";
import type { ManifestFile } from "@godwit/core/manifest";
import { deflate } from "./zip.ts";

export interface WrittenFile extends ManifestFile {
  /** Absent for what is written and forgotten. */
  contents?: Uint8Array;
}

export interface Records {
  /** Throws EMIT_FILE_TWICE for a path that was written before. */
  add(path: string, contents: Uint8Array): void;
  /** Throws EMIT_FILE_MISSING. */
  get(path: string): ManifestFile;
  gzipBytes(path: string): number;
  /** Contents whose hash is enough: a zip of a function is written and forgotten. */
  keepNot(contents: Uint8Array): Uint8Array;
  all(): Iterable<WrittenFile>;
}

export function createRecords(): Records {
  const records = new Map<string, WrittenFile>();
  const hashes = new WeakMap<Uint8Array, string>();
  const forgotten = new WeakSet<Uint8Array>();
  const find = (path: string): WrittenFile => {
    const record = records.get(path);
    if (record) return record;
    throw new GodwitError("EMIT_FILE_MISSING", `The target names a file that it has not written: ${path}`);
  };
  return {
    add(path, contents) {
      if (records.has(path)) throw new GodwitError("EMIT_FILE_TWICE", `The target writes ${path} twice.`);
      const sha256 = hashes.get(contents) ?? createHash("sha256").update(contents).digest("hex");
      hashes.set(contents, sha256);
      const record = { path, bytes: contents.length, sha256 };
      records.set(path, forgotten.has(contents) ? record : { ...record, contents });
    },
    get(path) {
      const { bytes, sha256 } = find(path);
      return { path, bytes, sha256 };
    },
    gzipBytes(path) {
      const { contents, bytes } = find(path);
      return contents ? deflate(contents).gzipBytes : bytes;
    },
    keepNot(contents) {
      forgotten.add(contents);
      return contents;
    },
    all: () => records.values(),
  };
}
