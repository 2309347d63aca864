/**
 * `.godwit/` in an app's folder, what Godwit keeps there being nothing to commit; and what the file system says of a
 * folder that takes nothing.
 * @module
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Makes the folder where there is none, and gives its path. Throws what `node:fs` throws. */
export function openOwnFolder(root: string): string {
  const folder = join(root, ".godwit");
  makeFolder(folder);
  const ignore = join(folder, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
  return folder;
}

/**
 * Makes a folder and those above it. `mkdir` with `recursive` would say ENOENT of a read-only file system. Throws what
 * `node:fs` throws.
 */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process may have made it by now.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // node:fs throws nothing else
  }
}

const WORDS: Record<string, string> = {
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "the file system is read-only",
  ENOTDIR: "a part of the path is a file",
  EEXIST: "a part of the path is a file",
  ENOSPC: "the disk is full",
  EDQUOT: "this user's share of the disk is full",
};

/** Why something cannot be written, in words, with the call that failed. */
export function whyNotWritten(cause: unknown): string {
  const { code = "", message = String(cause) } = Object(cause) as Partial<NodeJS.ErrnoException>; // whatever was thrown
  const words = WORDS[code];
  return words === undefined ? message : `${words} (${message})`;
}

/** Whether room is all that is missing. */
export function isFull(cause: unknown): boolean {
  return /^(?:ENOSPC|EDQUOT)$/.test(String((cause as Partial<NodeJS.ErrnoException>)?.code)); // undefined elsewhere
}
