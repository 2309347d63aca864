/**
 * Folders in an app's `.godwit/` for dev servers that run at once: what one writes, no other reads.
 * @module
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import { makeFolder, openOwnFolder, whyNotWritten } from "./own-folder.ts";

/** Opened by this process. An id may be one that a dead process had, as in containers. */
const mine = new Set<string>();

/** Writes into a folder in `.godwit/` that outlives the process. Throws DEV_READ_ONLY for what `write` throws. */
export async function keepInOwn(root: string, name: string, write: (folder: string) => Promise<void>): Promise<void> {
  const folder = join(root, ".godwit", name);
  try {
    openOwnFolder(root);
    makeFolder(folder);
    await write(folder);
  } catch (cause) {
    throw readOnly(folder, cause);
  }
}

/** A new folder of this process; those that dead processes left are removed. Throws DEV_READ_ONLY. */
export function openDevFolder(root: string): string {
  const parent = join(root, ".godwit", "dev");
  try {
    openOwnFolder(root);
    makeFolder(parent);
    for (const name of readdirSync(parent)) {
      const path = join(parent, name);
      if (!mine.has(path) && !isAnother(Number.parseInt(name, 10))) rmSync(path, { recursive: true, force: true });
    }
    for (let at = 0; ; at++) {
      const folder = join(parent, `${process.pid}-${at}`);
      if (mkdirSync(folder, { recursive: true }) === undefined) continue;
      mine.add(folder);
      return folder;
    }
  } catch (cause) {
    throw readOnly(parent, cause);
  }
}

export interface Kept {
  folder: string;
  release(): void;
}

/**
 * The folder that outlives the process, for what the bindings of a target hold: one process has it at a time. Undefined
 * while another one does. Throws DEV_READ_ONLY.
 */
export function openKept(root: string, target: string): Kept | undefined {
  const folder = join(root, ".godwit", "state", target);
  const lock = join(folder, "in-use");
  try {
    openOwnFolder(root);
    makeFolder(folder);
    for (let tries = 0; tries < 2; tries++) {
      try {
        writeFileSync(lock, String(process.pid), { flag: "wx" });
        mine.add(lock);
        return {
          folder,
          release() {
            mine.delete(lock);
            rmSync(lock, { force: true });
          },
        };
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      }
      if (mine.has(lock) || isAnother(Number.parseInt(readFileSync(lock, "utf8"), 10))) return undefined;
      rmSync(lock, { force: true }); // its process is dead
    }
    return undefined;
  } catch (cause) {
    throw readOnly(folder, cause);
  }
}

/** Whether a process of that id is there, and is not this one. */
function isAnother(pid: number): boolean {
  try {
    return Number.isInteger(pid) && pid !== process.pid && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // kill throws nothing else
  }
}

/** What is said of a folder in `.godwit/` that takes nothing. */
export function readOnly(folder: string, cause: unknown): GodwitError {
  return new GodwitError(
    "DEV_READ_ONLY",
    `${folder} cannot be written: ${whyNotWritten(cause)}. godwit dev keeps its working files there: let this user write to the app's folder, or copy the app to where that is so.`,
    { cause },
  );
}
