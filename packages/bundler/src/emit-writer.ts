/**
 * Many files into one new folder, each contents object once. Synchronous: a file is written in tens of microseconds,
 * and four trips through the thread pool for each cost more than what the pool does side by side.
 * @module
 */
import { linkSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Writer {
  /** Paths have forward slashes and are inside the folder. */
  add(path: string, contents: Uint8Array): void;
}

/** Bytes from which one file with many names beats many files: only the build writes into its folder. */
const SHARED = 16_384;

/**
 * `last` is the folder that this one will replace. A file that is in it with the same bytes gets a second name: ext4
 * makes new files many times slower for minutes after thousands were removed, which is what the last build's are.
 */
export function createWriter(folder: string, last?: string): Writer {
  const firsts = new Map<Uint8Array, string>();
  const folders = new Set<string>();
  return {
    add(path, contents) {
      const file = join(folder, path);
      const parent = dirname(file);
      if (!folders.has(parent)) {
        mkdirSync(parent, { recursive: true });
        folders.add(parent);
      }
      const first = contents.length < SHARED ? undefined : firsts.get(contents);
      if (first !== undefined) {
        try {
          return linkSync(first, file);
        } catch {
          // a file system without links, or with too many to one file, takes a copy
        }
      } else if (contents.length >= SHARED) firsts.set(contents, file);
      if (last === undefined || !linkEqual(join(last, path), file, contents)) writeFileSync(file, contents);
    },
  };
}

/** Bytes are compared, and not hashes: nobody keeps anyone from writing into a build. */
function linkEqual(from: string, to: string, contents: Uint8Array): boolean {
  try {
    if (!readFileSync(from).equals(contents)) return false;
    linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}
