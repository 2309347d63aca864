/**
 * Writes files all or none: what is there stays as it is, and what was begun goes again when one fails.
 * @module
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import { closeOnInterrupt } from "../project/interrupt.ts";

export interface Writing {
  /** New files: their paths in the folder, and their text. */
  create: Record<string, string>;
  /** Files that are replaced whole, by rename, after all new ones are there. */
  replace?: Record<string, string>;
}

/**
 * Writes into a folder, which is made where it is missing. The function that it gives takes the new files back.
 * Throws FILE_EXISTS and FOLDER_NOT_WRITABLE; nothing is left behind then, nor by an interrupt.
 */
export function writeAll(root: string, { create, replace = {} }: Writing): () => void {
  const files: string[] = [];
  const folders: string[] = [];
  const undo = () => {
    for (const file of files) rmSync(file, { force: true });
    for (const folder of folders.reverse()) removeEmpty(folder);
  };
  const forget = closeOnInterrupt(undo);
  let at = root;
  try {
    for (const [path, text] of Object.entries(create)) {
      at = join(root, path);
      makeFolders(dirname(at), folders);
      writeNew(at, text, files);
    }
    for (const [path, text] of Object.entries(replace)) {
      at = realpathSync(join(root, path)); // a link stays a link
      const partial = `${at}.${process.pid}`;
      writeNew(partial, text, files, statSync(at).mode);
      renameSync(partial, at);
    }
    return undo;
  } catch (cause) {
    undo();
    throw toFileError(at, cause as NodeJS.ErrnoException); // node:fs throws nothing else
  } finally {
    forget();
  }
}

/** The file is ours from where it is made, so that a full disk leaves no half of it. */
function writeNew(path: string, text: string, files: string[], mode = 0o666): void {
  const handle = openSync(path, "wx", mode);
  files.push(path);
  try {
    writeFileSync(handle, text);
  } finally {
    closeSync(handle);
  }
}

function makeFolders(folder: string, made: string[]): void {
  if (existsSync(folder)) return;
  makeFolders(dirname(folder), made);
  mkdirSync(folder);
  made.push(folder);
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // somebody else has put something into it by now: it is theirs
  }
}

/** What the file system said of a path, as an error of ours. */
export function toFileError(path: string, cause: NodeJS.ErrnoException): GodwitError {
  if (cause.code === "EEXIST")
    return new GodwitError(
      "FILE_EXISTS",
      `${path} is there already, and nothing was written. Choose another name, or move that file away.`,
      { cause },
    );
  const words: Record<string, string> = {
    EACCES: "this user may not",
    EPERM: "this user may not",
    EROFS: "the file system is read-only",
    ENOTDIR: "a part of its path is no folder",
    ENOSPC: "the disk is full",
  };
  const why = words[cause.code ?? ""];
  const next = cause.code === "ENOSPC" ? "Make room there" : "Choose a folder that this user may write to";
  return new GodwitError(
    "FOLDER_NOT_WRITABLE",
    `${path} cannot be written or read (${why ?? cause.code}), and nothing was written. ${next}.`,
    { cause },
  );
}
