/**
 * Makes stacks in log lines readable. Maps beside a file are Node's own work (`--enable-source-maps`); those that the
 * build keeps out of the artefact, in `<root>.maps/`, are read here, so that the server runs as it will in production.
 * @module
 */
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** `file:///a/server.mjs:3:14` or `/a/server.mjs:3:14`. */
const POSITION = /((?:file:\/\/)?\/[^\s():]+\.m?js):(\d+):(\d+)/g;

export function createStackMapper(root: string): (text: string) => string {
  const maps = new Map<string, SourceMap | undefined>();
  const open = (file: string): SourceMap | undefined => {
    if (!maps.has(file)) maps.set(file, readMap(join(`${root}.maps`, `${relative(root, file)}.map`)));
    return maps.get(file);
  };
  return (text) =>
    text.replace(POSITION, (all: string, place: string, line: string, column: string) => {
      const file = place.startsWith("file:") ? fileURLToPath(place) : place;
      if (!file.startsWith(root + sep)) return all;
      const found = open(file)?.findEntry(Number(line) - 1, Number(column) - 1);
      if (!found || !("originalSource" in found)) return all;
      return `${found.originalSource}:${found.originalLine + 1}:${found.originalColumn + 1}`;
    });
}

function readMap(path: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined; // without a map the position stays as it is
  }
}
