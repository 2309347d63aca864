/**
 * Which packages bring native files.
 * @module
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Metafile } from "esbuild";

/** Packages whose only purpose is to find or to build a native file of the package that depends on them. */
const LOADERS = [
  "bindings",
  "node-gyp-build",
  "node-gyp-build-optional-packages",
  "@mapbox/node-pre-gyp",
  "prebuild-install",
];

/** Packages with one file for each machine name them so: `sharp-linux-x64`, `crc32-win32-arm64-msvc`. */
const FOR_ONE_MACHINE = /(?:^|[-/])(?:linux|darwin|win32)-(?:x64|arm64)(?:-|$)/;

/**
 * Names of packages in the graph that hold a `.node` file, load one, import a package that is one, or may install one:
 * a browser's entry of theirs, that an edge runtime gets, shows no native file.
 */
export function findNative(inputs: Metafile["inputs"], root: string): ReadonlySet<string> {
  const folders = new Map<string, string>();
  const native = new Set<string>();
  for (const [input, { imports }] of Object.entries(inputs)) {
    const place = packageOf(input);
    if (!place) continue;
    folders.set(place.folder, place.name);
    if (input.endsWith(".node") || imports.some(({ path }) => path.endsWith(".node"))) native.add(place.name);
  }
  for (const [folder, name] of folders) {
    if (LOADERS.includes(name) || native.has(name)) continue;
    const wanted = readDependencies(resolve(root, folder));
    if (wanted.some((each) => LOADERS.includes(each) || FOR_ONE_MACHINE.test(each))) native.add(name);
  }
  return native;
}

function packageOf(input: string): { name: string; folder: string } | undefined {
  const [folder, name] = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)(?=\/)/.exec(input) ?? [];
  return folder !== undefined && name !== undefined ? { folder, name } : undefined;
}

interface Dependencies {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

function readDependencies(folder: string): string[] {
  try {
    const text = readFileSync(join(folder, "package.json"), "utf8");
    const { dependencies, optionalDependencies } = JSON.parse(text) as Dependencies; // npm checked it
    return Object.keys({ ...dependencies, ...optionalDependencies });
  } catch {
    return [];
  }
}
