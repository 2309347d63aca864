/**
 * Readable stacks: positions in bundles become positions in sources, through the maps beside the artefact.
 * @module
 */
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** `file:///a/index.mjs:3:14` or `/a/index.mjs:3:14`. */
const POSITION = /((?:file:\/\/)?\/[^\s():]+\.m?js):(\d+):(\d+)/g;

/**
 * Rewrites the positions in a line of text. `<root>.maps/` mirrors `<root>/`, each map at its file's path with `.map`;
 * a build that ships them has them beside the files.
 */
export function createStackMapper(root: string, folder: string): (text: string) => string {
  const maps = new Map<string, SourceMap | undefined>();
  const open = (file: string): SourceMap | undefined => {
    if (!maps.has(file)) maps.set(file, readMap([join(`${root}.maps`, `${relative(root, file)}.map`), `${file}.map`]));
    return maps.get(file);
  };
  return (text) =>
    text.replace(POSITION, (all: string, place: string, line: string, column: string) => {
      const file = place.startsWith("file:") ? fileURLToPath(place) : place;
      if (!file.startsWith(folder + sep)) return all;
      const found = open(file)?.findEntry(Number(line) - 1, Number(column) - 1);
      if (!found || !("originalSource" in found)) return all;
      return `${found.originalSource}:${found.originalLine + 1}:${found.originalColumn + 1}`;
    });
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
