/**
 * Many files into one new folder: side by side, and each contents object once.
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { link, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface Writer {
  /** Paths have forward slashes and are inside the folder. What fails is thrown here or by `flush`. */
  add(path: string, contents: Uint8Array): void;
  flush(): Promise<void>;
}

/** Bytes from which one file with many names beats many files: only the build writes into its folder. */
const SHARED = 16_384;
/** Bytes that may wait; past them a file is written at once. */
const WAITING = 64 * 1024 * 1024;
/** More wait for each other in the kernel, where new files of one folder are made one after the other. */
const PARALLEL = 2;

export function createWriter(folder: string): Writer {
  const firsts = new Map<Uint8Array, string>();
  const files: { file: string; contents: Uint8Array }[] = [];
  const links: { file: string; first: string; contents: Uint8Array }[] = [];
  let waiting = 0;
  return {
    add(path, contents) {
      const file = join(folder, path);
      const first = contents.length < SHARED ? undefined : firsts.get(contents);
      if (first !== undefined) {
        links.push({ file, first, contents });
        return;
      }
      if (waiting + contents.length > WAITING) {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, contents);
        return;
      }
      if (contents.length >= SHARED) firsts.set(contents, file);
      waiting += contents.length;
      files.push({ file, contents });
    },
    async flush() {
      await each([...new Set([...files, ...links].map(({ file }) => dirname(file)))], (dir) =>
        mkdir(dir, { recursive: true }),
      );
      await each(files, ({ file, contents }) => writeFile(file, contents));
      // a file system without links, or with too many to one file, takes a copy
      await each(links, ({ file, first, contents }) => link(first, file).catch(() => writeFile(file, contents)));
    },
  };
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values();
  const run = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, run));
}
