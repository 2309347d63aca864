/**
 * 6. optimise: what makes a bundle smaller than a bundler alone would, without changing what it does.
 *
 * Dead platform branches fall away through `define` (see bundle.ts). Two more have their place here: light
 * Request/Response/Headers classes would be one more plugin of the same pass, and a V8 code cache is taken from the
 * staged artefact, between emit and measure in build.ts.
 * @module
 */
import { readFileSync } from "node:fs";
import { sep } from "node:path";
import type { Loader, Plugin, PluginBuild } from "esbuild";
import { parseSync } from "oxc-parser";

export interface NamespaceOptions {
  /** The name of a file in source maps. */
  nameOf(file: string): string;
  /** Filled with the text of rewritten files by name, since source maps show what the author wrote. */
  originals: Map<string, string>;
  /** Absolute paths of the files to look at, where they are known. Default: each that is in no package. */
  files?: ReadonlySet<string>;
}

/** An import from a package whose index is a barrel that exports a namespace under a name; its namespace is one. */
const BARRELS = /(?<!\bimport\s*\*\s*as\s+[\w$]+\s+)\bfrom\s*["']zod(?:\/[\w/-]+)?["']/;
/** Packages that are such barrels, as they are imported. */
export const BARREL: RegExp = /^zod(?:\/|$)/;

/** Whether a module's text imports from a barrel otherwise than as a namespace. */
export function usesBarrel(text: string): boolean {
  return BARRELS.test(text);
}

/** A specifier that stands for "the module whose namespace that export is". */
const MARK = "godwit:namespace/";

/**
 * `import { z } from "zod"` costs 454 kB since bundlers keep a namespace object that another module exports as a value
 * whole; `import * as z from "<the module that z is the namespace of>"` costs 85 kB and binds the same object. It is
 * done where the barrel's own syntax proves that the two are one: `import * as z from "./a.js"; export { z }`.
 */
export function importNamespaces({ nameOf, originals, files }: NamespaceOptions): Plugin {
  return {
    name: "godwit-namespaces",
    setup(build) {
      const proven = new Map<string, Promise<Barrel>>();
      const barrelOf = async (specifier: string, resolveDir: string): Promise<Barrel> => {
        const found = await build.resolve(specifier, { kind: "import-statement", resolveDir });
        const { path } = found;
        // a barrel that does something when it is loaded has to be loaded
        if (found.errors.length > 0 || found.external || found.sideEffects) return new Map();
        const known = proven.get(path) ?? proveBarrel(build, path);
        proven.set(path, known);
        return known;
      };
      build.onResolve({ filter: /^godwit:namespace\// }, async ({ path, resolveDir }) => {
        const [name = "", specifier = ""] = path.slice(MARK.length).split(/\/(.*)/s);
        const barrel = await barrelOf(specifier, resolveDir);
        return barrel.get(name);
      });
      // each file that esbuild asks for is a message and back
      if (files?.size === 0) return;
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: "file" }, async ({ path }) => {
        if (files ? !files.has(path) : path.includes(`${sep}node_modules${sep}`)) return undefined;
        // four trips through the thread pool, a thousand times over, cost more than the disk
        const text = readFileSync(path, "utf8");
        if (!usesBarrel(text)) return undefined;
        const resolveDir = path.slice(0, path.lastIndexOf(sep));
        const contents = await rewrite(path, text, (specifier) => barrelOf(specifier, resolveDir));
        if (contents === text) return undefined;
        originals.set(nameOf(path), text);
        return { contents, loader: loaderOf(path) };
      });
    },
  };
}

/** Export name -> the module whose namespace it is. */
type Barrel = Map<string, { path: string; sideEffects: boolean }>;

async function proveBarrel(build: PluginBuild, path: string): Promise<Barrel> {
  const exports: Barrel = new Map();
  const text = readFileSync(path, "utf8");
  const { errors, module } = parseSync(path, text);
  if (errors.length > 0) return exports;
  const namespaces = new Map<string, string>();
  for (const { moduleRequest, entries } of module.staticImports) {
    for (const { importName, localName } of entries) {
      if (importName.kind === "NamespaceObject") namespaces.set(localName.value, moduleRequest.value);
    }
  }
  const resolveDir = path.slice(0, path.lastIndexOf(sep));
  const follow = (source: string) => build.resolve(source, { kind: "import-statement", resolveDir });
  const own = new Set<string>();
  const stars: string[] = [];
  for (const { exportName, importName, localName, moduleRequest } of module.staticExports.flatMap(
    (each) => each.entries,
  )) {
    if (importName.kind === "AllButDefault" && moduleRequest) stars.push(moduleRequest.value);
    const name = exportName.kind === "Default" ? "default" : exportName.name;
    const source = localName.name === null ? undefined : namespaces.get(localName.name);
    if (name !== null) own.add(name);
    if (source === undefined || name === null) continue;
    const resolved = await follow(source);
    if (resolved.errors.length > 0 || resolved.external) continue;
    exports.set(name, { path: resolved.path, sideEffects: resolved.sideEffects });
  }
  // with a second star, a name might come from there; and what a star brings never hides a name of the module's own
  const [star, ...more] = stars;
  const resolved = star === undefined || more.length > 0 ? undefined : await follow(star);
  if (resolved && resolved.errors.length === 0 && !resolved.external && !resolved.sideEffects) {
    for (const [name, module] of await proveBarrel(build, resolved.path)) {
      if (name !== "default" && !own.has(name)) exports.set(name, module);
    }
  }
  return exports;
}

/** Takes the proven names out of their import declarations, on the same line. */
async function rewrite(path: string, text: string, barrelOf: (specifier: string) => Promise<Barrel>): Promise<string> {
  const { errors, module } = parseSync(path, text);
  if (errors.length > 0) return text;
  let result = text;
  for (const { start, end, moduleRequest, entries } of module.staticImports.toReversed()) {
    if (!BARREL.test(moduleRequest.value)) continue;
    const declaration = text.slice(start, end);
    if (/^import\s+type\b/.test(declaration) || /\bwith\s*\{/.test(declaration)) continue;
    const barrel = await barrelOf(moduleRequest.value);
    const moved: string[] = [];
    const kept: string[] = [];
    for (const { importName, localName, isType } of entries) {
      const name = importName.kind === "Default" ? "default" : importName.name;
      if (importName.kind === "NamespaceObject" || name === null || isType || !barrel.has(name)) {
        if (importName.kind === "NamespaceObject") kept.push("*");
        else kept.push(`${isType ? "type " : ""}${name} as ${localName.value}`);
      } else {
        moved.push(`import * as ${localName.value} from ${JSON.stringify(`${MARK}${name}/${moduleRequest.value}`)};`);
      }
    }
    if (moved.length === 0 || kept.includes("*")) continue;
    if (kept.length > 0) moved.push(`import { ${kept.join(", ")} } from ${JSON.stringify(moduleRequest.value)};`);
    const lines = "\n".repeat(declaration.split("\n").length - 1);
    result = result.slice(0, start) + moved.join(" ") + lines + result.slice(end);
  }
  return result;
}

function loaderOf(path: string): Loader {
  const extension = /\.[cm]?([jt]sx?)$/.exec(path)?.[1];
  if (extension === "tsx" || extension === "jsx" || extension === "ts") return extension;
  return "jsx";
}
