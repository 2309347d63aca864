/**
 * Releases: written whole or not at all, checked, and removed when they are too old.
 * @module
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ReleaseFile, ShippedFile, SupervisorStatus } from "../supervisor/words.ts";
import { control } from "./control.ts";
import { Refused, read, type Take, write } from "./files.ts";

const CHUNK = 65_536;

/** The newest first. */
export function byAge(a: Pick<ReleaseFile, "id" | "at">, b: Pick<ReleaseFile, "id" | "at">): number {
  return a.at === b.at ? (a.id < b.id ? 1 : -1) : a.at < b.at ? 1 : -1;
}

export async function readRelease(id: string): Promise<ReleaseFile | undefined> {
  if (id.startsWith(".")) return undefined;
  const text = await read(`releases/${id}/release.json`);
  return text === undefined ? undefined : (JSON.parse(text) as ReleaseFile); // `put` wrote it
}

export async function areIntact(folder: string, files: ReleaseFile["files"]): Promise<boolean> {
  for (const { path, sha256 } of files) {
    const bytes = await fs.readFile(join(folder, path)).catch(() => undefined);
    if (!bytes || createHash("sha256").update(bytes).digest("hex") !== sha256) return false;
  }
  return true;
}

/** Which of these files some release has, unchanged. */
export async function have(hashes: readonly string[]): Promise<string[]> {
  const known = await findFiles(new Set(hashes));
  const found: string[] = [];
  for (const [sha256, path] of known) if ((await hashFile(path)) === sha256) found.push(sha256);
  return found;
}

/** A path for each hash that a release says it has. */
async function findFiles(hashes: ReadonlySet<string>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const id of await fs.readdir("releases")) {
    const release = await readRelease(id);
    for (const { path, sha256 } of release?.files ?? []) {
      if (hashes.has(sha256)) found.set(sha256, join("releases", id, path));
    }
  }
  return found;
}

async function hashFile(path: string): Promise<string | undefined> {
  const bytes = await fs.readFile(path).catch(() => undefined);
  return bytes && createHash("sha256").update(bytes).digest("hex");
}

/**
 * Writes a release beside the others, and gives it its name when every byte is on the disk and is what it should be.
 * Files whose hash is in `kept` are copied from another release; the bytes of the others follow.
 */
export async function put(release: ReleaseFile, kept: ReadonlySet<string>, take: Take): Promise<boolean> {
  const { id, files } = release;
  const there = await readRelease(id);
  const folder = `releases/.partial-${id}`;
  const isThere = there !== undefined && (await areIntact(`releases/${id}`, files));
  const known = await findFiles(kept);
  try {
    if (!isThere) await fs.rm(folder, { recursive: true, force: true });
    for (const file of files) {
      const { path, sha256 } = file;
      if (!/^(?!.*(?:^|\/)\.\.(?:\/|$))[^/\\\0]/.test(path)) {
        throw new Refused("failed", `${path} is no path of a release.`);
      }
      const target = join(folder, path);
      const own = kept.has(sha256) ? (known.get(sha256) ?? "") : undefined;
      if (own === undefined) await receive(file, isThere ? undefined : target, take);
      else if (!isThere) await copy(own, target, sha256);
    }
    if (isThere) return false;
    await write(join(folder, "release.json"), release);
    await fs.rename(folder, `releases/${id}`);
    return true;
  } catch (error) {
    await fs.rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function receive({ path, bytes, sha256 }: ShippedFile, target: string | undefined, take: Take): Promise<void> {
  const hash = createHash("sha256");
  const file = target === undefined ? undefined : await create(target);
  try {
    for (let left = bytes; left > 0; left -= Math.min(left, CHUNK)) {
      const chunk = await take(Math.min(left, CHUNK));
      hash.update(chunk);
      await file?.writeFile(chunk);
    }
    await file?.sync();
  } finally {
    await file?.close();
  }
  if (hash.digest("hex") !== sha256) throw new Refused("damaged", `${path} came with other bytes than were sent.`);
}

/** A copy, no link: what is changed by hand in one release must not change another. */
async function copy(from: string, target: string, sha256: string): Promise<void> {
  const file = await create(target);
  try {
    const bytes = await fs.readFile(from).catch(() => Buffer.alloc(0));
    if (createHash("sha256").update(bytes).digest("hex") !== sha256) {
      throw new Refused("failed", `${from || target} was changed while it was copied`);
    }
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function create(path: string): Promise<fs.FileHandle> {
  await fs.mkdir(dirname(path), { recursive: true });
  return fs.open(path, "w", 0o644);
}

/** Removes what is too old to go back to, and what no traffic ever came to; never what runs. */
export async function prune(keep: number): Promise<string[]> {
  const current = (await fs.readlink("current").catch(() => "")).split("/").at(-1);
  // Without a supervisor's word on what runs nothing is removed.
  const status = (await control({ command: "status" }, 5000)) as SupervisorStatus; // what `status` answers
  const busy = new Set([current, ...status.fleets.map(({ id }) => id)]);
  const old: ReleaseFile[] = [];
  let kept = 0;
  const all = await Promise.all((await fs.readdir("releases")).map(readRelease));
  for (const release of all.filter((one) => one !== undefined).sort(byAge)) {
    const wasLive = (await read(`releases/${release.id}/live`)) !== undefined;
    if (wasLive) kept++;
    if ((!wasLive || kept > keep) && !busy.has(release.id)) old.push(release);
  }
  for (const { id } of old) {
    // Under a name that nobody reads first: a removal that is cut short leaves no half release.
    await fs.rename(`releases/${id}`, `releases/.partial-${id}`);
    await fs.rm(`releases/.partial-${id}`, { recursive: true, force: true });
  }
  return old.map(({ id }) => id);
}

/** Removes what interrupted runs left half. */
export async function sweep(): Promise<void> {
  for (const name of await fs.readdir("releases")) {
    if (name.startsWith(".partial-")) await fs.rm(join("releases", name), { recursive: true, force: true });
  }
}
