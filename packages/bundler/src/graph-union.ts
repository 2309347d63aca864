/**
 * The graph of a large app from one bundle of all its files: a third of what a pass costs that splits it for each. What
 * nothing in the bundle needs, no file needs; only files that reach something in doubt are read exactly.
 * @module
 */
import { readFileSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import type { Metafile } from "esbuild";
import { createNamer } from "./bundle-names.ts";
import {
  findBarrelUsers,
  type Graph,
  type GraphOptions,
  packageName,
  readGraph,
  runGraphPass,
  type Shipped,
} from "./graph.ts";
import { findNative } from "./graph-native.ts";
import { storesIn } from "./stores.ts";

/** The names that a file exports, or undefined where only its imports tell. */
export type ExportsOf = (file: string) => readonly string[] | undefined;

/**
 * As `readGraph`, but `chunks` are coarse: a file counts as having all that it imports, also what is shaken off for it
 * alone. Throws IMPORT_FAILED.
 */
export async function readUnion(options: GraphOptions, exportsOf: ExportsOf): Promise<Graph> {
  const root = realpathSync(options.root);
  const { files, external } = options;
  const lines = files.map((file, at) => `export * as f${at} from ${JSON.stringify(`./${file}`)};`);
  const { metafile, texts } = await runGraphPass(root, options, {
    stdin: { contents: lines.join("\n"), resolveDir: root, sourcefile: "godwit-union.js", loader: "js" },
    splitting: false,
  });
  const { inputs, outputs } = metafile;
  const [output] = Object.values(outputs);
  const union = Object.entries(inputs).find(([input]) => input.endsWith("godwit-union.js"))?.[1];
  const text = [...texts.values()].join("\n");
  const suspects = output ? findSuspects({ root, inputs, output, text, external }) : new Set<string>();
  const importers = reaching(inputs, suspects);
  const sources = new Map(union?.imports.map(({ original, path }) => [original?.slice(2), path]));
  const chunked = toChunks(inputs, output?.inputs ?? {}, [...files.map((file) => sources.get(file) ?? file)]);
  const doubtful: string[] = [];
  const graph: Graph = { chunks: chunked.bytes, files: new Map(), barrelUsers: findBarrelUsers(inputs, root) };
  files.forEach((file, at) => {
    const source = sources.get(file) ?? "";
    const exports = exportsOf(file);
    if (!exports || !inputs[source] || inputs[source].format === "cjs" || importers.has(source)) doubtful.push(file);
    graph.files.set(file, { ...NOTHING, exports: [...(exports ?? [])], chunks: chunked.of[at] ?? [] });
  });
  if (doubtful.length === 0) return graph;
  const exact = await readGraph({ ...options, files: doubtful });
  for (const [file, shipped] of exact.files) {
    graph.files.set(file, { ...shipped, chunks: graph.files.get(file)?.chunks ?? [] });
  }
  return graph;
}

const NOTHING: Shipped = {
  exports: [],
  commonjs: false,
  needs: [],
  external: [],
  usesWaitUntil: false,
  stores: [],
  counted: [],
  chunks: [],
};

interface Suspicion {
  root: string;
  inputs: Metafile["inputs"];
  output: Metafile["outputs"][string];
  text: string;
  external: readonly string[];
}

/** Modules of the bundle that may be why a file needs something. */
function findSuspects({ root, inputs, output, text, external }: Suspicion): Set<string> {
  const namer = createNamer(root);
  const native = findNative(inputs, root);
  const kept = new Set([...external, ...native]);
  const left = new Set(output.imports.filter((each) => each.external).map(({ path }) => path));
  const asks = /\bwaitUntil\b/.test(text) || storesIn(text).length > 0;
  const suspects = new Set<string>();
  for (const input of Object.keys(output.inputs)) {
    const imports = inputs[input]?.imports ?? [];
    const isKept = kept.size > 0 && kept.has(namer.ownerOf(input));
    const reachesOut =
      left.size > 0 &&
      imports.some((each) => each.external && (left.has(each.path) || kept.has(packageName(each.path))));
    if (isKept || reachesOut || input.endsWith(".node") || (asks && mayAsk(resolve(root, input)))) suspects.add(input);
  }
  return suspects;
}

/** Whether a file has a word in it that means something to the analysis. */
function mayAsk(file: string): boolean {
  try {
    return /store|waitUntil|\\/.test(readFileSync(file, "utf8"));
  } catch {
    return true; // what a plugin made is not there to be read
  }
}

/** Whoever imports one of these, directly or through others, and they themselves. */
function reaching(inputs: Metafile["inputs"], found: ReadonlySet<string>): ReadonlySet<string> {
  if (found.size === 0) return found;
  const importers = new Map<string, string[]>();
  for (const [input, { imports }] of Object.entries(inputs)) {
    for (const { path } of imports) {
      const known = importers.get(path);
      if (known) known.push(input);
      else importers.set(path, [input]);
    }
  }
  const all = new Set(found);
  for (const input of all) for (const importer of importers.get(input) ?? []) all.add(importer);
  return all;
}

/** Modules that the same files reach are one chunk, as they are when esbuild splits. */
function toChunks(
  inputs: Metafile["inputs"],
  live: Metafile["outputs"][string]["inputs"],
  sources: readonly string[],
): { bytes: number[]; of: number[][] } {
  const ids = new Map(Object.keys(inputs).map((input, at) => [input, at]));
  const names = [...ids.keys()];
  const edges = names.map((name) => (inputs[name]?.imports ?? []).flatMap(({ path }) => ids.get(path) ?? []));
  const reached = sources.map((source) => {
    const start = ids.get(source);
    const seen = new Set(start === undefined ? [] : [start]);
    for (const at of seen) for (const next of edges[at] ?? []) seen.add(next);
    return seen;
  });
  // each file cuts the classes that it has some modules of and not others
  const classes = new Uint32Array(names.length);
  let count = 1;
  for (const modules of reached) {
    const cut = new Map<number, number>();
    for (const at of modules) {
      const before = classes[at] ?? 0;
      const after = cut.get(before) ?? count++;
      cut.set(before, after);
      classes[at] = after;
    }
  }
  const indexes = new Map<number, number>();
  const bytes: number[] = [];
  const of = reached.map((modules) => {
    const own = new Set<number>();
    for (const at of modules) {
      const key = classes[at] ?? 0;
      const index = indexes.get(key) ?? bytes.push(0) - 1;
      indexes.set(key, index);
      own.add(index);
    }
    return [...own];
  });
  names.forEach((name, at) => {
    const index = indexes.get(classes[at] ?? 0);
    if (index !== undefined) bytes[index] = (bytes[index] ?? 0) + (live[name]?.bytesInOutput ?? 0);
  });
  return { bytes, of };
}
