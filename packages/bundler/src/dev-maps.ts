/**
 * From places in modules to places in the user's files.
 * @module
 */
import { SourceMap } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Few modules ever appear in a stack. */
const parsed = new Map<string, SourceMap>();

/** `path:line:column` of the source, which esbuild writes as a URL; undefined where the map knows none. Lines and columns are from 1. */
export function toPositions(map: string, folder: string, line: number, column: number): string | undefined {
  const found = toMap(map).findEntry(line - 1, column - 1);
  if (!("originalSource" in found)) return undefined;
  return `${resolve(folder, decodeURIComponent(found.originalSource))}:${found.originalLine + 1}:${found.originalColumn + 1}`;
}

/** The comment that a debugger reads: the map itself, with sources that are found from anywhere. */
export function toInlineMap(map: string, folder: string): string {
  const whole = JSON.parse(map) as { sources: string[] }; // as esbuild writes it
  const sources = whole.sources.map((source) => pathToFileURL(resolve(folder, decodeURIComponent(source))).href);
  const text = Buffer.from(JSON.stringify({ ...whole, sources })).toString("base64");
  return `//# sourceMappingURL=data:application/json;base64,${text}`;
}

function toMap(text: string): SourceMap {
  const known = parsed.get(text);
  if (known) return known;
  if (parsed.size > 50) parsed.clear();
  const map = new SourceMap(JSON.parse(text));
  parsed.set(text, map);
  return map;
}
