/**
 * Where imports of a generated entry lead: its own virtual modules, adapters from the CLI, core from the app.
 * @module
 */
import { existsSync, realpathSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OnLoadResult, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import { packageOf } from "./bundle-names.ts";

export interface ResolveOptions {
  root: string;
  /** A file URL inside the package that depends on `@godwit/adapters`. */
  adaptersFrom: string;
  /** Function id -> source. */
  entries: ReadonlyMap<string, string>;
  apps: ReadonlyMap<string, string>;
  /** Packages that stay imports. */
  external: ReadonlySet<string>;
  /** Told of each external specifier and the folder that it was imported from. */
  onExternal(specifier: string, from: string): void;
  /** Built-ins are imports of `node:` names there; on `node` esbuild knows them itself. */
  platform: "node" | "neutral" | "browser";
  /** Filled with the generated sources as they were written, by the name of their module in source maps. */
  originals?: Map<string, string>;
}

/** Stops `build.resolve` from asking this plugin again. */
const ASKED = { godwit: "asked" };

export function resolveGodwit(options: ResolveOptions): Plugin {
  return {
    name: "godwit-resolve",
    setup(build) {
      resolveVirtual(build, options, resolveOwn(build, options));
      resolveExternal(build, options);
      if (options.platform !== "node") resolveBuiltins(build);
    },
  };
}

/** Asking for a specifier's file costs a message to esbuild and back: generated modules have it asked once for all. */
type AskOnce = (specifier: string) => Promise<string | undefined>;

function resolveVirtual(build: PluginBuild, { root, entries, apps, originals }: ResolveOptions, ask: AskOnce): void {
  build.onResolve({ filter: /^godwit:entry\// }, ({ path }) => ({
    path: path.slice("godwit:entry/".length),
    namespace: "godwit-entry",
  }));
  build.onResolve({ filter: /^godwit:app$/ }, ({ importer }) => ({ path: importer, namespace: "godwit-app" }));
  const load =
    (sources: ReadonlyMap<string, string>, namespace: string) =>
    async ({ path }: { path: string }): Promise<OnLoadResult> => {
      const source = sources.get(path);
      if (source === undefined) return { errors: [{ text: `There is no function "${path}".` }] };
      originals?.set(`${namespace}/${path}`, source);
      let contents = source;
      for (const [quoted, specifier = ""] of source.matchAll(/"(@godwit\/(?:core|adapters)\/[\w/-]+)"/g)) {
        const file = await ask(specifier);
        if (file !== undefined) contents = contents.replace(quoted, JSON.stringify(file));
      }
      return { contents, resolveDir: root, loader: "ts" };
    };
  build.onLoad({ filter: /.*/, namespace: "godwit-entry" }, load(entries, "godwit-entry"));
  build.onLoad({ filter: /.*/, namespace: "godwit-app" }, load(apps, "godwit-app"));
}

/**
 * Every `@godwit/core` import of a function, also one inside an adapter, is the app's own core: two cores in a function
 * would be twice the bytes, and their errors would not know each other. Without one in the app it is the CLI's.
 */
function resolveOwn(build: PluginBuild, { root, adaptersFrom }: ResolveOptions): AskOnce {
  const cli = dirname(fileURLToPath(adaptersFrom));
  const known = new Map<string, Promise<OnResolveResult>>();
  const adapters = findUp(cli, "@godwit/adapters");
  const bases = {
    core: [root, cli, ...(adapters ? [adapters] : [])].find((base) => findUp(base, "@godwit/core")) ?? root,
    adapters: adapters ? cli : root,
  };
  build.onResolve({ filter: /^@godwit\/(core|adapters)(\/|$)/ }, (args) => {
    if (args.pluginData === ASKED) return undefined;
    return resolve(args);
  });
  const resolve = ({ kind, path }: Pick<OnResolveArgs, "kind" | "path">): Promise<OnResolveResult> => {
    const key = `${kind} ${path}`;
    const base = path.startsWith("@godwit/core") ? bases.core : bases.adapters;
    const resolved = known.get(key) ?? resolveFrom(build, { kind, path }, base);
    known.set(key, resolved);
    return resolved;
  };
  return async (path) => {
    const { errors, external, namespace, path: file } = await resolve({ kind: "import-statement", path });
    return errors?.length || external || namespace !== "file" ? undefined : file;
  };
}

async function resolveFrom(
  build: PluginBuild,
  args: Pick<OnResolveArgs, "kind" | "path">,
  base: string,
): Promise<OnResolveResult> {
  const { path, errors, warnings, external, sideEffects, namespace, suffix } = await build.resolve(args.path, {
    kind: args.kind,
    resolveDir: base,
    pluginData: ASKED,
  });
  return { path, errors, warnings, external, sideEffects, namespace, suffix };
}

/** The real folder of an installed package, looked for the way Node does. */
export function findUp(from: string, name: string): string | undefined {
  for (let dir = from; ; dir = dirname(dir)) {
    const candidate = join(dir, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return realpathSync(candidate);
    if (dirname(dir) === dir) return undefined;
  }
}

function resolveExternal(build: PluginBuild, { external, onExternal }: ResolveOptions): void {
  if (external.size === 0) return;
  const names = [...external].map((name) => name.replace(/[^\w@/-]/g, "\\$&")).join("|");
  build.onResolve({ filter: new RegExp(`^(${names})(/|$)`) }, ({ path, resolveDir }) => {
    const name = packageOf(path);
    if (name === undefined || !external.has(name)) return undefined;
    onExternal(path, resolveDir);
    return { path, external: true };
  });
}

/**
 * Off Node, a built-in is an ES import of its `node:` name: `require("events")` of a CommonJS package would throw there.
 * A package of the same name wins for a bare name, as it would in a browser's bundle.
 */
function resolveBuiltins(build: PluginBuild): void {
  const bare = /^(node:)?(_?[a-z][a-z0-9_]*)(\/(promises|posix|win32|web|consumers|strict|types|internal))?$/;
  build.onResolve({ filter: bare }, async (args) => {
    if (args.pluginData === ASKED || !isBuiltin(args.path)) return undefined;
    if (!args.path.startsWith("node:")) {
      const { kind, resolveDir } = args;
      const found = await build.resolve(args.path, { kind, resolveDir, pluginData: ASKED });
      if (found.errors.length === 0 && !found.external) return { path: found.path, sideEffects: found.sideEffects };
    }
    const path = args.path.startsWith("node:") ? args.path : `node:${args.path}`;
    return args.kind === "require-call" ? { path, namespace: "godwit-builtin" } : { path, external: true };
  });
  build.onLoad({ filter: /.*/, namespace: "godwit-builtin" }, ({ path }) => ({
    contents: `import builtin from ${JSON.stringify(path)};\nmodule.exports = builtin;`,
    loader: "js",
  }));
}
