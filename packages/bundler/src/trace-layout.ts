/**
 * Packages from wherever a package manager keeps them (pnpm's store, nested folders, links) to one plain
 * `node_modules/` in which each of them still finds what it found before.
 * @module
 */
import { dirname, sep } from "node:path";

/** A package's own folder, and what it is called. */
export interface PackageFolder {
  /** Absolute, links resolved. */
  dir: string;
  name: string;
}

/** The package that an absolute, real path belongs to. */
export function folderOf(file: string): PackageFolder | undefined {
  const mark = `${sep}node_modules${sep}`;
  const at = file.lastIndexOf(mark);
  if (at === -1) return undefined;
  const parts = file.slice(at + mark.length).split(sep);
  const length = parts[0]?.startsWith("@") ? 2 : 1;
  if (parts.length <= length) return undefined;
  const name = parts.slice(0, length).join("/");
  return { dir: file.slice(0, at + mark.length) + parts.slice(0, length).join(sep), name };
}

/** `from` needs `to`; a `from` of undefined is the function itself. */
export interface Need {
  from?: PackageFolder;
  to: PackageFolder;
}

/**
 * Places with forward slashes (`node_modules/a`, `node_modules/a/node_modules/b`) -> the folder that goes there.
 * The first of each name lies at the top; another version lies inside whoever needs it.
 */
export function layOut(needs: readonly Need[]): Map<string, PackageFolder> {
  const places = new Map<string, PackageFolder>();
  const top = needs.filter((need) => !need.from).map((need) => need.to);
  for (const folder of top) places.set(`node_modules/${folder.name}`, folder);
  const edges = needs.filter((need) => need.from);
  // each round places at least one folder or is the last; a copy is only made where a lookup would go wrong
  for (let changed = true, round = 0; changed && round < 100; round++) {
    changed = false;
    for (const { from, to } of edges) {
      for (const [place, folder] of [...places]) {
        if (folder.dir !== from?.dir) continue;
        const found = lookUp(places, place, to.name);
        if (found?.dir === to.dir) continue;
        places.set(found ? `${place}/node_modules/${to.name}` : `node_modules/${to.name}`, to);
        changed = true;
      }
    }
  }
  return places;
}

/** Node's own way: in the package, then in each `node_modules` above it. */
function lookUp(places: ReadonlyMap<string, PackageFolder>, from: string, name: string): PackageFolder | undefined {
  for (let dir = from; dir !== "." && dir !== "/"; dir = dirname(dir)) {
    if (dir.endsWith("/node_modules") || dir === "node_modules") {
      const found = places.get(`${dir}/${name}`);
      if (found) return found;
    } else {
      const found = places.get(`${dir}/node_modules/${name}`);
      if (found) return found;
    }
  }
  return undefined;
}
