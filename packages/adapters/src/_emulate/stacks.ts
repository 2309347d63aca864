/**
 * Readable stacks: positions in built files become positions in the app's sources. Done here and not in the function,
 * so that it runs as it will in production.
 * @module
 */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export interface Stacks {
  map(text: string): string;
  /** The path of the first built file that the text names, relative to the artefact. */
  fileIn(text: string): string | undefined;
  /** Forgets the maps, after a new build. */
  clear(): void;
}

/**
 * `root`: `dist/<target>/`. Maps lie in `dist/<target>.maps/`, a mirror of it, or beside their files where the build
 * ships them. A position that has none stays as it is.
 */
export function createStacks(root: string): Stacks {
  const maps = new Map<string, SourceMap | undefined>();
  // Node names modules by their real path, workerd by the one that it was given, either as a URL or not.
  const real = existsSync(root) ? realpathSync(root) : root;
  const folders = [root, real].flatMap((folder) => [folder, pathToFileURL(folder).pathname]);
  const absolute = `(?:file://)?(?:${[...new Set(folders)].map(quote).join("|")})/`;
  // When a Worker does not start, workerd names its modules relative to the artefact: `at app/index.js:1:148`.
  const relative = "(?<![^\\s(])(?![/.])";
  const positions = new RegExp(`(?:${absolute}|${relative})([^\\s"'():\\\\]+\\.[cm]?js):(\\d+):(\\d+)`, "g");

  const open = (path: string): SourceMap | undefined => {
    if (!maps.has(path)) maps.set(path, readMap([join(`${root}.maps`, `${path}.map`), join(root, `${path}.map`)]));
    return maps.get(path);
  };
  return {
    map: (text) =>
      text.replace(positions, (position: string, path: string, line: string, column: string) => {
        const found = open(decode(path))?.findEntry(Number(line) - 1, Number(column) - 1);
        if (!found || !("originalSource" in found)) return position;
        // The build names sources relative to the app's folder, as URLs.
        return `${decode(found.originalSource)}:${found.originalLine + 1}:${found.originalColumn + 1}`;
      }),
    fileIn(text) {
      for (const [, path = ""] of text.matchAll(positions)) return decode(path);
      return undefined;
    },
    clear: () => maps.clear(),
  };
}

function readMap(places: readonly string[]): SourceMap | undefined {
  for (const place of places) {
    try {
      return new SourceMap(JSON.parse(readFileSync(place, "utf8")));
    } catch {
      // The next place; without a map the position stays as it is.
    }
  }
  return undefined;
}

/** A path that only looks like a URL's stays as it is. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const quote = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
