/**
 * Lists folders: links followed once, names in one order, everything that cannot be read an error with its path.
 * @module
 */
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import { isSource, stemOf } from "./scan-names.ts";

export interface Entry {
  name: string;
  kind: "file" | "folder";
  /** Where a folder really is; "" for a file. */
  real: string;
}

/**
 * The files and folders of one folder, by name; undefined when it does not exist. `above` holds the real paths of the
 * folders that it lies in, so that a link to one of them is found out. Throws FOLDER_UNREADABLE, LINK_LOOP,
 * LINK_BROKEN and NAME_CASE_CLASH.
 */
export async function listFolder(
  root: string,
  folder: string,
  above: readonly string[] = [],
): Promise<Entry[] | undefined> {
  const path = join(root, folder);
  const listed = await readdir(path, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    if (folder === "" && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) return undefined;
    throw new GodwitError(
      "FOLDER_UNREADABLE",
      `The folder ${folder || root} cannot be read (${cause.code}). Give this user the right to read it, or move it out of the app.`,
      { cause },
    );
  });
  if (!listed) return undefined;
  const entries: Entry[] = [];
  for (const item of listed) {
    if (item.isFile()) entries.push({ name: item.name, kind: "file", real: "" });
    else if (item.isDirectory()) entries.push({ name: item.name, kind: "folder", real: join(path, item.name) });
    else if (item.isSymbolicLink() && folder !== "") entries.push(await follow(root, `${folder}/${item.name}`, above));
    else if (item.isSymbolicLink()) entries.push(await follow(root, item.name, above));
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  if (folder !== "") refuseCaseClash(folder, entries);
  return entries;
}

async function follow(root: string, path: string, above: readonly string[]): Promise<Entry> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const absolute = join(root, path);
  try {
    const found = await stat(absolute);
    if (!found.isDirectory()) return { name, kind: "file", real: "" };
    const real = await realpath(absolute);
    // A link to any folder around it, the app's own included, would be walked for ever.
    const around = await Promise.all([root, ...above].map((folder) => realpath(folder)));
    if (!around.includes(real) && !around.some((folder) => folder.startsWith(`${real}/`)))
      return { name, kind: "folder", real };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException; // stat and realpath throw nothing else
    if (code === "ELOOP") throw loop(path, cause);
    if (!path.includes("/")) return { name, kind: "file", real: "" };
    throw new GodwitError("LINK_BROKEN", `${path} is a link that leads nowhere (${code}). Remove it or mend it.`, {
      cause,
    });
  }
  throw loop(path);
}

function loop(path: string, cause?: unknown): GodwitError {
  return new GodwitError("LINK_LOOP", `${path} is a link to a folder that it lies in. Remove it.`, { cause });
}

/** Such files are one file on macOS and Windows, so the app would be another one there. */
function refuseCaseClash(folder: string, entries: readonly Entry[]): void {
  const seen = new Map<string, string>();
  for (const { name } of entries) {
    const key = name.normalize("NFC").toLowerCase();
    const other = seen.get(key);
    if (other !== undefined) {
      throw new GodwitError(
        "NAME_CASE_CLASH",
        `${folder}/${other} and ${folder}/${name} differ in case alone and are one file on macOS and Windows. Rename one.`,
      );
    }
    seen.set(key, name);
  }
}

/** The path of a source file by its name without extension. Throws FILE_DUPLICATE when there are two. */
export function findEntry(entries: readonly Entry[], stem: string, prefix: string): string | undefined {
  const found = entries.filter(({ name, kind }) => kind === "file" && isSource(name) && stemOf(name) === stem);
  if (found.length > 1) {
    const names = found.map(({ name }) => `${prefix}${name}`).join(" and ");
    throw new GodwitError("FILE_DUPLICATE", `${names} are the same thing twice. Remove one.`);
  }
  return found[0] && `${prefix}${found[0].name}`;
}
