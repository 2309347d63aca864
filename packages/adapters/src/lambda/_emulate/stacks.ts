/**
 * Makes stacks in log lines readable: positions in a built file become positions in its sources. Done here and not in
 * the function, so that it runs as it will in production.
 * @module
 */
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";

export interface StackMapper {
  map(text: string): string;
  /** Forgets the maps, after a new build. */
  clear(): void;
}

/** `root`: `dist/<target>/`. Maps are in `dist/<target>.maps/`, or beside their files where they are shipped. */
export function createStackMapper(root: string): StackMapper {
  const maps = new Map<string, { map: SourceMap; folder: string } | undefined>();
  const pattern = new RegExp(`(?:file://)?${quote(root)}/([^\\s"'():]+):(\\d+):(\\d+)`, "g");
  const load = (path: string) => {
    for (const file of [join(`${root}.maps`, `${path}.map`), join(root, `${path}.map`)]) {
      try {
        return { map: new SourceMap(JSON.parse(readFileSync(file, "utf8"))), folder: dirname(file) };
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
        const found = maps.get(path);
        const origin = found?.map.findEntry(Number(line) - 1, Number(column) - 1);
        if (!found || !origin || !("originalSource" in origin)) return position;
        const source = origin.originalSource;
        const local =
          /^\w+:/.test(source) || isAbsolute(source) ? source : relative(process.cwd(), resolve(found.folder, source));
        return `${local}:${origin.originalLine + 1}:${origin.originalColumn + 1}`;
      }),
    clear: () => maps.clear(),
  };
}

const quote = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
