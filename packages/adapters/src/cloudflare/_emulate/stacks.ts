/**
 * Readable stacks: positions in built modules become positions in the app's sources.
 * @module
 */
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** As workerd prints it: `file:///dist/cloudflare/app/index.js:1:148`, or `app/index.js:1:148` when a start fails. */
const POSITION = /((?:file:\/\/)?[^\s():"\\]+\.m?js):(\d+):(\d+)/g;

export interface Stacks {
  map(text: string): string;
  /** The path of the first built file that the text names, relative to the artefact. */
  fileIn(text: string): string | undefined;
}

/** Maps lie in `<root>.maps/`, a mirror of `<root>/`, or beside their files where the build ships them. */
export function createStacks(root: string): Stacks {
  const maps = new Map<string, SourceMap | undefined>();
  const pathOf = (place: string): string | undefined => {
    const file = place.startsWith("file:") ? fileURLToPath(place) : resolve(root, place);
    return file.startsWith(root + sep) ? relative(root, file) : undefined;
  };
  const open = (path: string): SourceMap | undefined => {
    if (!maps.has(path)) maps.set(path, readMap([join(`${root}.maps`, `${path}.map`), join(root, `${path}.map`)]));
    return maps.get(path);
  };
  return {
    map: (text) =>
      text.replace(POSITION, (all: string, place: string, line: string, column: string) => {
        const path = pathOf(place);
        if (path === undefined) return all;
        const found = open(path)?.findEntry(Number(line) - 1, Number(column) - 1);
        if (!found || !("originalSource" in found)) return `${path}:${line}:${column}`;
        return `${found.originalSource}:${found.originalLine + 1}:${found.originalColumn + 1}`;
      }),
    fileIn(text) {
      for (const [, place = ""] of text.matchAll(POSITION)) {
        const path = pathOf(place);
        if (path !== undefined) return path;
      }
      return undefined;
    },
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
