/**
 * One run of esbuild over new and changed files: each becomes one module whose imports of other modules are marks, so
 * that an importer is not transformed again when only a version below it changed.
 * @module
 */
import { readFileSync, realpathSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, extname, join, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type BuildFailure,
  type BuildOptions,
  build,
  type Message,
  type OnResolveArgs,
  type Plugin,
  type PluginBuild,
} from "esbuild";
import { resolveGodwit } from "./bundle-resolve.ts";
import { maskAwaits, unmaskAwaits } from "./dev-await.ts";
import type { DevFailure, DevFormat, DevOptions } from "./dev-contract.ts";
import { isAwait, toFailure } from "./dev-failure.ts";
import { resolveForGraph } from "./graph-resolve.ts";

/** What is compiled: a file by its path, or a generated source. */
export interface Input {
  /** An absolute path, or `godwit:...`. */
  id: string;
  /** Of what is generated. */
  source?: string;
}

export interface Compiled {
  /** Imports of other modules are marks. */
  code: string;
  /** It awaits while it loads: `code` is the body of an async function. */
  isAsync?: boolean;
  map?: string;
  isEsm: boolean;
  isCommonJs: boolean;
  /** What stays an import of the runtime. */
  externals: string[];
  /** Other files whose text is in this one. */
  inlined: string[];
}

export interface CompileOptions extends Omit<DevOptions, "root"> {
  /** The real path. */
  root: string;
  format: DevFormat;
  /** Where outputs will lie: sources in maps are relative to it. */
  folder: string;
  /** The mark for a module. */
  markOf(id: string): string;
  /** Answers that hold as long as the server runs. */
  known: Map<string, string>;
}

const VIRTUAL = "godwit-virtual";
const ASKED = { godwit: "asked" };
/** The name that code knows its own URL by. */
export const META = "__godwit_meta";

/** Each input's module, or what is wrong with it. */
export async function compile(
  inputs: readonly Input[],
  options: CompileOptions,
): Promise<Map<string, Compiled | DevFailure>> {
  const results = new Map<string, Compiled | DevFailure>();
  /** Sources whose awaits are hidden from esbuild. */
  const masked = new Map<string, string>();
  let left = [...inputs];
  while (left.length > 0) {
    const failure = await pass(left, options, results, masked);
    if (!failure) return results;
    const bad = blame(failure.errors, left, options.root);
    // No output comes of a pass with an error: the others are asked once more without the guilty.
    if (bad.size > 0) {
      for (const [id, message] of bad) {
        const source = isAwait(message) && !masked.has(id) ? maskAwaits(id, readFileSync(id, "utf8")) : undefined;
        if (source === undefined) results.set(id, toFailure(options.root, message));
        else masked.set(id, source);
      }
    } else if (left.length === 1) results.set(left[0]?.id ?? "", toFailure(options.root, failure.errors[0] ?? NOTHING));
    else {
      const apart = await Promise.all(left.map((input) => compile([input], options)));
      for (const one of apart) for (const [id, result] of one) results.set(id, result);
      return results;
    }
    left = left.filter(({ id }) => !results.has(id));
  }
  return results;
}

const NOTHING: Message = { id: "", pluginName: "", text: "It cannot be built.", location: null, notes: [], detail: "" };

/** The first error of each input that has one. */
function blame(errors: readonly Message[], inputs: readonly Input[], root: string): Map<string, Message> {
  const ids = new Map(inputs.map(({ id }) => [id.startsWith("godwit:") ? `${VIRTUAL}:${id}` : id, id]));
  const bad = new Map<string, Message>();
  for (const error of errors) {
    const file = error.location?.file ?? "";
    const id = ids.get(file) ?? ids.get(resolve(root, file));
    if (id !== undefined && !bad.has(id)) bad.set(id, error);
  }
  return bad;
}

async function pass(
  inputs: readonly Input[],
  options: CompileOptions,
  results: Map<string, Compiled | DevFailure>,
  masked: ReadonlyMap<string, string>,
): Promise<BuildFailure | undefined> {
  const { root, folder } = options;
  try {
    const { metafile, outputFiles } = await build({
      ...settingsOf(options),
      absWorkingDir: root,
      entryPoints: inputs.map(({ id }, at) => ({ in: id, out: String(at) })),
      outdir: folder,
      bundle: true,
      treeShaking: false,
      splitting: false,
      charset: "utf8",
      sourcemap: "external",
      write: false,
      metafile: true,
      logLevel: "silent",
      plugins: [readMasked(masked), ...pluginsOf(inputs, options)],
    });
    const texts = new Map(outputFiles.map((file) => [basename(file.path), file]));
    for (const [path, meta] of Object.entries(metafile.outputs)) {
      const name = basename(path);
      const input = name.endsWith(".map") ? undefined : inputs[Number.parseInt(name, 10)];
      const own = meta.entryPoint ?? "";
      if (!input) continue;
      const format = metafile.inputs[own]?.format;
      const others = Object.keys(meta.inputs).filter((file) => file !== own && !file.startsWith("godwit-"));
      const text = texts.get(name)?.text ?? "";
      results.set(input.id, {
        ...(masked.has(input.id) ? { code: unmaskAwaits(text), isAsync: true } : { code: text }),
        ...(input.source === undefined && { map: texts.get(`${name}.map`)?.text }),
        isEsm: format === "esm",
        isCommonJs: format === "cjs",
        externals: [...new Set(meta.imports.filter(({ external }) => external).map((one) => one.path))].filter(
          (specifier) => !specifier.startsWith(MARK),
        ),
        inlined: others.map((file) => resolve(root, file)),
      });
    }
    return undefined;
  } catch (error) {
    if (error instanceof Error && "errors" in error) return error as BuildFailure; // what esbuild rejects with
    throw error;
  }
}

/** What begins every mark; nobody writes it by hand. */
export const MARK = "godwit-dev-mark:";

/** Names an answer in `known`. */
export function knownKey(format: DevFormat, kind: string, specifier: string): string {
  return `${format} ${kind} ${specifier}`;
}

function settingsOf({ format, settings }: CompileOptions): BuildOptions {
  const target = settings.target;
  if (format === "import") {
    return {
      format: "esm",
      platform: "node",
      target,
      conditions: ["node"],
      mainFields: ["main", "module"],
      outExtension: { ".js": ".mjs" },
      define: { ...settings.define, ...defines() },
    };
  }
  return {
    format: "cjs",
    platform: settings.platform,
    target,
    conditions: settings.conditions,
    mainFields: settings.mainFields,
    supported: { "dynamic-import": false },
    define: { ...settings.define, "process.env.NODE_ENV": '"development"', ...defines() },
  };
}

function defines(): Record<string, string> {
  return Object.fromEntries(["url", "filename", "dirname"].map((name) => [`import.meta.${name}`, `${META}.${name}`]));
}

function pluginsOf(inputs: readonly Input[], options: CompileOptions): Plugin[] {
  const { root, adaptersFrom, format, settings } = options;
  const own = resolveGodwit({
    root,
    adaptersFrom,
    entries: new Map(),
    apps: new Map(),
    external: new Set(),
    onExternal: () => {},
    platform: "node",
  });
  const builtins = format === "evaluate" ? [resolveForGraph(settings.platform)] : [];
  return [readSources(inputs, options), markImports(options), own, ...builtins];
}

function readMasked(masked: ReadonlyMap<string, string>): Plugin {
  return {
    name: "godwit-awaits",
    setup(build) {
      if (masked.size === 0) return;
      build.onLoad({ filter: /.*/, namespace: "file" }, ({ path }) => {
        const contents = masked.get(path);
        return contents === undefined ? undefined : { contents, loader: "default" };
      });
    },
  };
}

function readSources(inputs: readonly Input[], { root, format }: CompileOptions): Plugin {
  const sources = new Map(inputs.map(({ id, source }) => [id, source]));
  return {
    name: "godwit-sources",
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ kind, path }) => {
        if (kind !== "entry-point") return undefined;
        return sources.get(path) === undefined ? { path } : { path, namespace: VIRTUAL };
      });
      build.onLoad({ filter: /.*/, namespace: VIRTUAL }, ({ path }) => ({
        contents: sources.get(path),
        loader: "ts",
        resolveDir: root,
      }));
      if (format === "import") return;
      // As a CommonJS entry, esbuild gives these no exports.
      build.onLoad({ filter: /\.json$/ }, ({ path }) => ({
        contents: `module.exports = ${readFileSync(path, "utf8")}`,
        loader: "js",
      }));
      build.onLoad({ filter: /\.txt$/ }, ({ path }) => ({
        contents: `module.exports = ${JSON.stringify(readFileSync(path, "utf8"))}`,
        loader: "js",
      }));
    },
  };
}

/** Every import becomes a mark, or stays where the runtime itself has to find it. */
function markImports({ root, format, external, settings, markOf, known }: CompileOptions): Plugin {
  const kept = [...external, ...(settings.external ?? [])];
  const isKept = (path: string): boolean =>
    kept.some((name) =>
      name.endsWith("*") ? path.startsWith(name.slice(0, -1)) : path === name || path.startsWith(`${name}/`),
    );
  const find = async (build: PluginBuild, args: Asked): Promise<Answer | undefined> => {
    const { path, kind, resolveDir } = args;
    if (/^(?:node|cloudflare|data|https?):/.test(path) || path === "godwit" || path.startsWith("godwit/"))
      return { path, external: true };
    if (format === "evaluate" && !isBuiltin(path) && isKept(path)) return { path, external: true };
    const found = await build.resolve(path, { kind, resolveDir, pluginData: ASKED });
    // esbuild then says it itself, with the place
    if (found.errors.length > 0) return undefined;
    if (found.external) return { path: found.path, external: true };
    if (found.namespace !== "file") return { path: `${MARK}${markOf("godwit:empty")}`, external: true };
    const stays = format === "import" && found.path.includes(`${sep}node_modules${sep}`);
    if (!stays || !/^\.(?:[cm]?js|node)$/.test(extname(found.path)))
      return { path: `${MARK}${markOf(found.path)}`, external: true };
    const fromRoot = /^[./#]/.test(path)
      ? undefined
      : await build.resolve(path, { kind, resolveDir: root, pluginData: ASKED });
    if (fromRoot?.path === found.path) return { path, external: true };
    return { path: kind === "require-call" ? found.path : pathToFileURL(found.path).href, external: true };
  };
  return {
    name: "godwit-marks",
    setup(build) {
      build.onResolve({ filter: /.*/ }, async ({ path, kind, resolveDir, pluginData }) => {
        if (pluginData !== undefined || kind === "entry-point") return undefined;
        const isOurs = /^@godwit\/(?:core|adapters)(?:\/|$)/.test(path);
        const key = knownKey(format, kind, path);
        const before = isOurs ? known.get(key) : undefined;
        if (before !== undefined) return { path: before, external: true };
        const answer = await find(build, { path, kind, resolveDir });
        if (isOurs && answer) known.set(key, answer.path);
        return answer;
      });
    },
  };
}

type Asked = Pick<OnResolveArgs, "path" | "kind" | "resolveDir">;

interface Answer {
  path: string;
  external: true;
}

/** Files are known by where they really are; one that is gone, by where its folder is. */
export function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    const folder = dirname(file);
    return folder === file ? file : join(realPath(folder), basename(file));
  }
}
