/**
 * The last touch on each output file: a `require` where it asks for one, and source maps without machine paths.
 * @module
 */
import type { Namer } from "./bundle-names.ts";

export interface Finish {
  /** ES modules on Node may get a `require`, `__filename` and `__dirname`. */
  requireBanner: boolean;
  namer: Namer;
  /** Original text of inputs that the build rewrote before esbuild saw them, by absolute path. */
  originals: ReadonlyMap<string, string>;
}

export interface Finished {
  code: string;
  map?: string;
}

/** Maps come in with sources relative to the root; they go out with names that are the same on every machine. */
export function finish(file: Finished, options: Finish): Finished {
  const banner = options.requireBanner ? bannerFor(file.code) : "";
  if (file.map === undefined) return { code: banner + file.code };
  return { code: banner + file.code, map: cleanMap(file.map, banner === "" ? 0 : 1, options) };
}

/**
 * CommonJS in an ES module bundle reaches Node's `require` through a free variable that the format does not have, and
 * so it does `__filename` and `__dirname`. `getBuiltinModule` costs less at start-up than an import of `node:module`.
 * workerd's modules have no URL, and its `require` takes built-ins from anywhere.
 */
function bannerFor(code: string): string {
  const parts: string[] = [];
  if (isFree(code, "require")) {
    parts.push('require=process.getBuiltinModule("module").createRequire(import.meta.url??"/")');
  }
  if (isFree(code, "__filename")) parts.push("__filename=import.meta.filename");
  if (isFree(code, "__dirname")) parts.push("__dirname=import.meta.dirname");
  return parts.length === 0 ? "" : `const ${parts.join(",")};\n`;
}

/** esbuild renames a declaration of such a name where the free one is used in the same file. */
function isFree(code: string, name: string): boolean {
  if (!code.includes(name)) return false;
  if (new RegExp(`\\b(?:var|let|const|function)\\s+${name}\\b`).test(code)) return false;
  return new RegExp(`(?<![\\w$.])${name}(?![\\w$])`).test(code);
}

interface SourceMap {
  version: number;
  sources: string[];
  sourcesContent?: (string | null)[];
  mappings: string;
  names: string[];
}

function cleanMap(text: string, lines: number, { namer, originals }: Finish): string {
  const map = JSON.parse(text) as SourceMap; // written by esbuild
  const sources = map.sources.map((source) => namer.nameOf(source));
  const sourcesContent = map.sourcesContent?.map((content, at) => originals.get(sources[at] ?? "") ?? content);
  const { version, names } = map;
  return JSON.stringify({ version, sources, sourcesContent, names, mappings: ";".repeat(lines) + map.mappings });
}
