/**
 * A folder beside `<out>/<target>` in which a build writes; it takes the old one's place whole, or never.
 * @module
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { GodwitError } from "@godwit/core/errors";
import { makeFolder } from "./own-folder.ts";

export interface Stage {
  /** Becomes `<out>/<target>`. */
  artefact: string;
  /** Becomes `<out>/<target>.maps`. */
  maps: string;
  /** What is in the two places now, where anything is. */
  last: { artefact?: string; maps?: string };
  /** Puts both in place. Throws EMIT_LOCKED when another build holds the place for ten seconds. */
  commit(): Promise<void>;
  /** Removes what was staged; nothing when it has been committed. */
  discard(): void;
}

/** A swap takes milliseconds: a lock of this age was left by a process that died. */
const STALE = 10_000;

/** Also mends and removes what killed builds left. */
export function openStage(out: string, target: string): Stage {
  makeFolder(out);
  mend(out, target);
  const root = join(out, `${prefixOf(target)}${process.pid}-${randomBytes(4).toString("hex")}`);
  const artefact = join(root, "artefact");
  const maps = join(root, "maps");
  mkdirSync(artefact, { recursive: true });
  mkdirSync(maps);
  const remove = () => rmSync(root, { recursive: true, force: true });
  process.once("exit", remove); // an interrupt ends the process without unwinding it
  const discard = () => {
    process.off("exit", remove);
    remove();
  };
  const there = (place: string): string | undefined => (existsSync(place) ? place : undefined);
  return {
    artefact,
    maps,
    last: { artefact: there(join(out, target)), maps: there(join(out, `${target}.maps`)) },
    async commit() {
      const unlock = await lock(join(out, `.godwit-${target}.lock`));
      try {
        swap(join(out, target), artefact, join(root, "old"));
        swap(join(out, `${target}.maps`), maps, join(root, "old-maps"));
      } finally {
        unlock();
      }
      discard();
    },
    discard,
  };
}

function prefixOf(target: string): string {
  return `.godwit-${target}-`;
}

/** No platform here can exchange two folders in one call; `mend` closes the gap between the two renames. */
function swap(place: string, next: string, old: string): void {
  const there = existsSync(place);
  if (there) renameSync(place, old);
  try {
    renameSync(next, place);
  } catch (cause) {
    if (there) renameSync(old, place);
    throw cause;
  }
}

/** Puts back what a build that was killed in the middle of its swap had moved away, and removes its folder. */
export function mend(out: string, target: string): void {
  const prefix = prefixOf(target);
  for (const name of existsSync(out) ? readdirSync(out) : []) {
    const pid = name.startsWith(prefix) ? /^(\d+)-[0-9a-f]{8}$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid === undefined || isAlive(Number(pid))) continue;
    const root = join(out, name);
    restore(join(root, "old"), join(out, target));
    restore(join(root, "old-maps"), join(out, `${target}.maps`));
    rmSync(root, { recursive: true, force: true });
  }
}

function restore(old: string, place: string): void {
  if (existsSync(old) && !existsSync(place)) renameSync(old, place);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function lock(file: string): Promise<() => void> {
  for (const end = Date.now() + STALE * 2; ; ) {
    try {
      const handle = openSync(file, "wx");
      writeSync(handle, String(process.pid));
      closeSync(handle);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > STALE) rmSync(file, { force: true });
    if (Date.now() > end) {
      throw new GodwitError("EMIT_LOCKED", `Another build holds ${file}. Remove it if there is none.`);
    }
    await sleep(20);
  }
}
