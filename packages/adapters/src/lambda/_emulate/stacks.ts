/**
 * Makes stacks in log lines readable: positions in a built file become positions in its sources. Done here and not in
 * the function, so that it runs as it will in production.
 * @module
 */
import { readFileSync, realpathSync } from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { decode } from "./router.ts";

export interface StackMapper {
  map(text: string): string;
  /** Forgets the maps, after a new build. */
  clear(): void;
}

/** `root`: `dist/<target>/`. Maps are in `dist/<target>.maps/`, or beside their files where they are shipped. */
export function createStackMapper(root: string): StackMapper {
  const maps = new Map<string, SourceMap | undefined>();
  // Node names modules by their real path, as a URL.
  const real = realpathSync(root);
  const folder = [real, pathToFileURL(real).pathname].map(quote).join("|");
  const pattern = new RegExp(`(?:file://)?(?:${folder})/([^\\s"'():]+):(\\d+):(\\d+)`, "g");
  const load = (path: string) => {
    for (const file of [join(`${root}.maps`, `${path}.map`), join(root, `${path}.map`)]) {
      try {
        return new SourceMap(JSON.parse(readFileSync(file, "utf8")));
      } catch {
        // No map there, or not one: the position stays as it is.
      }
    }
    return undefined;
  };
  return {
    map: (text) =>
      text.replace(pattern, (position, path: string, line: string, column: string) => {
        if (!maps.has(path)) maps.set(path, load(path));
        const origin = maps.get(path)?.findEntry(Number(line) - 1, Number(column) - 1);
        if (!origin || !("originalSource" in origin)) return position;
        // The build names sources relative to the app's folder, as URLs.
        return `${decode(origin.originalSource)}:${origin.originalLine + 1}:${origin.originalColumn + 1}`;
      }),
    clear: () => maps.clear(),
  };
}

const quote = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
