/**
 * What each file of the app would ship, from one pass of esbuild with shared chunks: exports, code, and what it needs
 * of a platform. What is shaken off does not count.
 * @module
 */
import { realpathSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import { type BuildFailure, type BuildOptions, build, type Metafile } from "esbuild";
import { createNamer, type Namer } from "./bundle-names.ts";
import { adviceFor } from "./bundle-pass.ts";
import { findUp } from "./bundle-resolve.ts";
import type { EsbuildSettings, RouteNeed } from "./contracts.ts";
import { findNative } from "./graph-native.ts";
import { resolveForGraph } from "./graph-resolve.ts";
import { BARREL } from "./optimise.ts";
import { countedIn, storesIn } from "./stores.ts";
import { printFrame } from "./syntax.ts";

export interface GraphOptions {
  root: string;
  /** Relative to the root. */
  files: readonly string[];
  external: readonly string[];
  /** How packages are found; default: as no platform in particular. */
  settings?: EsbuildSettings;
  /** No shared chunks: exact for each file, and about 20 ms for each. Default false. */
  alone?: boolean;
}

export interface Shipped {
  exports: string[];
  /** A CommonJS file has no exports that can be read. */
  commonjs: boolean;
  needs: RouteNeed[];
  external: string[];
  usesWaitUntil: boolean;
  stores: string[];
  counted: string[];
  /** Indexes into `Graph.chunks`. */
  chunks: number[];
}

export interface Graph {
  /** Bytes of each chunk, not minified. */
  chunks: number[];
  files: Map<string, Shipped>;
  /** Inputs outside of packages that import a barrel, absolute. */
  barrelUsers: string[];
}

/** Throws IMPORT_FAILED for what cannot be resolved or parsed. */
export async function readGraph(options: GraphOptions): Promise<Graph> {
  const root = realpathSync(options.root);
  const { files, external } = options;
  const { metafile, texts } = await runGraphPass(root, options, {
    entryPoints: files.map((file, at) => ({ in: join(root, file), out: String(at) })),
    splitting: !options.alone,
  });
  const textOf = (output: string): string => texts.get(baseOf(output)) ?? "";
  return readMetafile(metafile, { files, external, namer: createNamer(root), root, textOf });
}

export interface GraphPass {
  metafile: Metafile;
  /** The text of each output, by its file name. */
  texts: ReadonlyMap<string, string>;
}

/** Bundles as an analysis does, whatever the entries. `root` is a real path. Throws IMPORT_FAILED. */
export async function runGraphPass(
  root: string,
  { settings, external }: Pick<GraphOptions, "settings" | "external">,
  entries: Pick<BuildOptions, "entryPoints" | "stdin" | "splitting">,
): Promise<GraphPass> {
  const result = await build({
    ...entries,
    absWorkingDir: root,
    outdir: "out",
    bundle: true,
    format: "esm",
    platform: settings?.platform ?? "neutral",
    target: settings?.target ?? "es2024",
    conditions: settings?.conditions ?? ["module"],
    mainFields: settings?.mainFields ?? ["module", "main"],
    define: { "process.env.NODE_ENV": '"production"', ...settings?.define },
    external: [...external, ...(settings?.external ?? []), "cloudflare:*", "godwit", "godwit/*"],
    loader: { ".node": "empty" },
    nodePaths: ownCore(),
    legalComments: "none",
    charset: "utf8",
    write: false,
    metafile: true,
    logLevel: "silent",
    plugins: [resolveForGraph(settings?.platform ?? "neutral")],
  }).catch((failure: BuildFailure | Error) => {
    throw toError(failure);
  });
  return {
    metafile: result.metafile,
    texts: new Map(result.outputFiles.map((file) => [baseOf(file.path.replaceAll(sep, "/")), file.text])),
  };
}

/** Where the build's own core is found, for an app without one. */
function ownCore(): string[] {
  for (let dir = import.meta.dirname; ; dir = dirname(dir)) {
    if (findUp(dir, "@godwit/core") === undefined || dirname(dir) === dir) return [];
    try {
      realpathSync(join(dir, "node_modules/@godwit/core"));
      return [join(dir, "node_modules")];
    } catch {
      // It is further up.
    }
  }
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

interface Reading {
  files: readonly string[];
  external: readonly string[];
  namer: Namer;
  root: string;
  textOf(output: string): string;
}

function readMetafile({ inputs, outputs }: Metafile, reading: Reading): Graph {
  const { files, external, namer } = reading;
  const native = findNative(inputs, reading.root);
  const kept = [...external, ...native];
  const indexes = new Map<string, number>();
  const graph: Graph = { chunks: [], files: new Map(), barrelUsers: findBarrelUsers(inputs, reading.root) };
  const waits = new Map(Object.keys(outputs).map((output) => [output, /\bwaitUntil\b/.test(reading.textOf(output))]));
  const stores = new Map(Object.keys(outputs).map((output) => [output, storesIn(reading.textOf(output))]));
  const counted = new Map(Object.keys(outputs).map((output) => [output, countedIn(reading.textOf(output))]));
  files.forEach((file, at) => {
    const entry = `out/${at}.js`;
    const meta = outputs[entry];
    const source = meta?.entryPoint ?? file;
    const reached = reachOutputs(outputs, entry);
    const found = findNeeds({ inputs, outputs, reached, source, namer, native });
    const owners = new Set(
      reached.flatMap((output) => [
        ...(outputs[output]?.imports ?? []).flatMap(({ path, external: out }) => (out ? [packageName(path)] : [])),
        ...Object.keys(outputs[output]?.inputs ?? {}).map((input) => namer.ownerOf(input)),
      ]),
    );
    graph.files.set(file, {
      exports: meta?.exports ?? [],
      commonjs: inputs[source]?.format === "cjs",
      needs: found,
      external: kept.filter((name) => owners.has(name)).sort(),
      usesWaitUntil: reached.some((output) => waits.get(output)),
      stores: [...new Set(reached.flatMap((output) => stores.get(output) ?? []))],
      counted: [...new Set(reached.flatMap((output) => counted.get(output) ?? []))],
      chunks: reached.map((output) => {
        const known = indexes.get(output);
        if (known !== undefined) return known;
        indexes.set(output, graph.chunks.length);
        return graph.chunks.push(outputs[output]?.bytes ?? 0) - 1;
      }),
    });
  });
  return graph;
}

/** Those that may be worth a rewrite: `optimise.ts`. */
export function findBarrelUsers(inputs: Metafile["inputs"], root: string): string[] {
  return Object.entries(inputs).flatMap(([input, { imports }]) =>
    !/(?:^|\/)node_modules\//.test(input) && imports.some(({ original = "" }) => BARREL.test(original))
      ? [resolve(root, input)]
      : [],
  );
}

export function packageName(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

function reachOutputs(outputs: Metafile["outputs"], entry: string): string[] {
  const seen = new Set([entry]);
  for (const output of seen) {
    for (const { path, external } of outputs[output]?.imports ?? []) if (!external) seen.add(path);
  }
  return [...seen];
}

interface NeedsQuestion {
  inputs: Metafile["inputs"];
  outputs: Metafile["outputs"];
  reached: readonly string[];
  /** The entry as the metafile names it. */
  source: string;
  namer: Namer;
  /** Packages with native files. */
  native: ReadonlySet<string>;
}

function findNeeds({ inputs, outputs, reached, source, namer, native }: NeedsQuestion): RouteNeed[] {
  /** What is needed -> the inputs that ask for it. */
  const askers = new Map<string, Set<string>>();
  const ask = (need: string, input: string) => askers.set(need, (askers.get(need) ?? new Set()).add(input));
  for (const output of reached) {
    const meta = outputs[output];
    const shipped = Object.keys(meta?.inputs ?? {});
    for (const input of shipped) {
      if (native.has(namer.ownerOf(input))) ask(`native ${namer.ownerOf(input)}`, input);
      else if (input.endsWith(".node")) ask(`native ${namer.nameOf(input)}`, input);
    }
    for (const { path, external } of meta?.imports ?? []) {
      if (!external || !path.startsWith("node:")) continue;
      const from = shipped.filter((input) => inputs[input]?.imports.some((entry) => entry.path === path));
      for (const input of from.length > 0 ? from : shipped) ask(`node-builtin ${path}`, input);
    }
  }
  if (askers.size === 0) return [];
  const parents = walk(inputs, source);
  return [...askers]
    .map(([need, from]): RouteNeed => {
      const [kind, name = ""] = need.split(" ", 2) as [RouteNeed["kind"], string]; // written above
      const [nearest = source] = [...parents.keys()].filter((input) => from.has(input));
      const owners = trail(parents, nearest).map((input) => namer.ownerOf(input));
      const end = kind === "native" && owners.includes(name) ? [] : [name];
      const chain = [...owners, ...end].filter((owner, at, all) => owner !== all[at - 1]);
      return { kind, name: name.replace(/^node:/, ""), chain };
    })
    .sort((a, b) => (`${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1));
}

/** Breadth first: each input that the source reaches -> the one that it was first reached from. */
function walk(inputs: Metafile["inputs"], source: string): Map<string, string | undefined> {
  const parents = new Map<string, string | undefined>([[source, undefined]]);
  for (const [input] of parents) {
    for (const { path, external } of inputs[input]?.imports ?? []) {
      if (!external && !parents.has(path)) parents.set(path, input);
    }
  }
  return parents;
}

function trail(parents: ReadonlyMap<string, string | undefined>, input: string): string[] {
  const files: string[] = [];
  for (let at: string | undefined = input; at !== undefined; at = parents.get(at)) files.unshift(at);
  return files;
}

function toError(failure: BuildFailure | Error): Error {
  if (!("errors" in failure) || failure.errors.length === 0) return failure;
  const texts = failure.errors.slice(0, 5).map(({ text, location }) => {
    const says = text + adviceFor(text);
    if (!location) return says;
    const { file, line, column, lineText } = location;
    return `${file}:${line}:${column + 1}: ${says}\n${printFrame(line, lineText, column)}`;
  });
  const more = failure.errors.length > texts.length ? `\n... and ${failure.errors.length - texts.length} more` : "";
  return new GodwitError("IMPORT_FAILED", `The app's files cannot be read together:\n${texts.join("\n")}${more}`, {
    cause: failure,
  });
}
