import { globSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { parseSync } from "oxc-parser";

export const root = new URL("../..", import.meta.url).pathname;

export interface Import {
  specifier: string;
  /** Only types come: nothing is left of it at run time. */
  type: boolean;
}

export interface Source {
  /** Relative to the repository, with forward slashes. */
  path: string;
  text: string;
  imports: Import[];
}

let cached: Source[] | undefined;

/** Every source file of the packages that is not a test, with what it imports. */
export function sources(): Source[] {
  cached ??= globSync("packages/*/src/**/*.ts", { cwd: root })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => !/\.(?:test|fixture)\.ts$/.test(path) && !path.includes("/dist/"))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), "utf8");
      return { path, text, imports: importsOf(path, text) };
    });
  return cached;
}

function importsOf(path: string, text: string): Import[] {
  const { module } = parseSync(path, text);
  const statics = module.staticImports.map((one) => ({
    specifier: one.moduleRequest.value,
    type: one.entries.length > 0 && one.entries.every((entry) => entry.isType),
  }));
  const reExports = module.staticExports.flatMap((one) =>
    one.entries.flatMap((entry) =>
      entry.moduleRequest ? [{ specifier: entry.moduleRequest.value, type: entry.isType }] : [],
    ),
  );
  const dynamics = module.dynamicImports.flatMap((one) => {
    const literal = /^["'](.+)["'](?: as string)?$/.exec(text.slice(one.moduleRequest.start, one.moduleRequest.end));
    return literal?.[1] ? [{ specifier: literal[1], type: false }] : [];
  });
  return [...statics, ...reExports, ...dynamics];
}

/** The repository's path of a relative import. */
export function resolveImport(from: string, specifier: string): string {
  return posix.join(dirname(from), specifier);
}

/** Files that a file reaches through relative imports, itself included. `type` follows type imports as well. */
export function reach(start: string): Set<string> {
  const byPath = new Map(sources().map((source) => [source.path, source]));
  const seen = new Set<string>();
  const queue = [start];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const source = byPath.get(path);
    if (!source || seen.has(path)) continue;
    seen.add(path);
    for (const { specifier, type } of source.imports) {
      if (!type && specifier.startsWith(".")) queue.push(resolveImport(path, specifier));
    }
  }
  return seen;
}
