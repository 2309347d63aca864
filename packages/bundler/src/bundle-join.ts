/**
 * A function that reaches many chunk files starts slower than one file: its small ones are put together with its entry
 * again. They are transformed and minified already, so this costs a fraction of bundling them from their sources, and
 * what they hold for other functions alone falls away.
 * @module
 */
import type { BuildOptions as EsbuildOptions, Plugin } from "esbuild";
import type { Namer } from "./bundle-names.ts";
import { type Output, reach, runPass } from "./bundle-pass.ts";
import type { FunctionPlan } from "./contracts.ts";

/** A function on its way: the outputs that it ships, its entry first. */
export interface Shipment {
  plan: FunctionPlan;
  entry: Output;
  chunks: Output[];
  /** The first inputs that joined files came from; otherwise each output names its own. */
  inputs?: Record<string, number>;
  externals: string[];
}

export interface JoinOptions {
  /** Those of the first pass. */
  options: EsbuildOptions;
  namer: Namer;
  extension: string;
}

/** Functions of one pass. */
const BATCH = 100;
/** Chunk files that a joined function still has at start-up: its heaviest, so that little is written twice. */
const KEPT = 2;

/** More chunks than this at start-up cost more than one file does (two: nothing, five: 2 ms, ten: 4 ms of CPU). */
const MAX_CHUNKS = 3;
/** Characters of code at start-up up to which a function is one file: what it saves weighs more than what is shared. */
const SMALL = 32_000;

/** Replaces entry and chunks in each shipment where that pays. */
export async function joinFunctions(all: Shipment[], join: JoinOptions): Promise<void> {
  const shipments = all.filter((each) => paysOff(atStart(each)));
  const lazy = shipments.filter((each) => each.chunks.some((output) => isDynamic(each, output)));
  const plain = shipments.filter((each) => !lazy.includes(each));
  for (let at = 0; at < plain.length; at += BATCH) await joinAll(plain.slice(at, at + BATCH), false, join);
  for (const shipment of lazy) await joinAll([shipment], true, join);
}

/** The chunks that load before the first request, and the entry. */
function atStart({ entry, chunks }: Shipment): Output[] {
  const files = new Map([entry, ...chunks].map((file) => [file.name, file]));
  return [entry, ...reach(files, entry.name, ["statics"]).flatMap((name) => files.get(name) ?? [])];
}

function paysOff(files: Output[]): boolean {
  return files.length > 1 + MAX_CHUNKS || (files.length > 1 && isSmall(files));
}

function isSmall(files: Output[]): boolean {
  return files.reduce((sum, { code }) => sum + code.length, 0) <= SMALL;
}

function isDynamic({ entry, chunks }: Shipment, output: Output): boolean {
  return [entry, ...chunks].some((other) => other.dynamics.includes(output.name));
}

/**
 * With `splitting`, for one function, what loads on first use stays apart, and what loads at start-up becomes as few
 * files as that allows.
 */
async function joinAll(shipments: Shipment[], splitting: boolean, join: JoinOptions): Promise<void> {
  const { options, namer, extension } = join;
  const parts = new Map(shipments.map((shipment) => [shipment.entry.name, toPart(shipment)]));
  const externals = shipments.flatMap(({ entry, chunks }) => [entry, ...chunks].flatMap((file) => file.externals));
  const { outputs } = await runPass(
    {
      ...options,
      splitting,
      entryPoints: [...parts.keys()].map((name) => ({
        in: `godwit:built/${name}`,
        out: name.slice(0, -extension.length),
      })),
      external: [...(options.external ?? []), ...new Set(externals)],
      plugins: [fromOutputs(parts)],
      define: {},
    },
    namer,
  );
  for (const shipment of shipments) {
    const { name } = shipment.entry;
    const made = reach(outputs, name, ["statics", "dynamics"]);
    shipment.chunks = [...made.flatMap((each) => outputs.get(each) ?? []), ...(parts.get(name)?.kept ?? [])].sort(
      (a, b) => (a.name < b.name ? -1 : 1),
    );
    shipment.entry = outputs.get(name) ?? shipment.entry;
    shipment.inputs = inputsOf(shipment, parts.get(name)?.files ?? new Map());
  }
}

/** What is left of the first inputs: a joined file holds a share of each file that it was made of. */
function inputsOf({ entry, chunks }: Shipment, files: ReadonlyMap<string, Output>): Record<string, number> {
  const inputs: Record<string, number> = {};
  const add = (input: string, bytes: number): void => {
    inputs[input] = (inputs[input] ?? 0) + bytes;
  };
  for (const output of [entry, ...chunks]) {
    for (const [input, bytes] of Object.entries(output.inputs)) {
      const made = input.startsWith("godwit-built:") ? files.get(input.split("/").pop() ?? "") : undefined;
      if (!made) add(input, bytes);
      const share = bytes / Math.max(1, made?.code.length ?? 1);
      for (const [first, whole] of Object.entries(made?.inputs ?? {}))
        add(first, Math.round(whole * Math.min(1, share)));
    }
  }
  return inputs;
}

interface Part {
  files: ReadonlyMap<string, Output>;
  kept: Output[];
}

/**
 * The heaviest chunks stay files that many functions share. What they import stays beside them: joined into an entry,
 * a module of theirs would be there twice.
 */
function toPart(shipment: Shipment): Part {
  const { entry, chunks } = shipment;
  const files = new Map([entry, ...chunks].map((file) => [file.name, file]));
  const start = atStart(shipment);
  const kept = new Set<string>();
  const [, ...heaviest] = isSmall(start) ? [] : start;
  heaviest.sort((a, b) => b.code.length - a.code.length || (a.name < b.name ? -1 : 1));
  for (const { name } of heaviest) {
    const needed = [name, ...reach(files, name, ["statics", "dynamics"])].filter((each) => !kept.has(each));
    if (kept.size + needed.length <= KEPT) for (const each of needed) kept.add(each);
  }
  return { files, kept: [...kept].flatMap((name) => files.get(name) ?? []) };
}

/** Each function has modules of its own here, `<entry>/<file>`: what one keeps apart another one joins. */
function fromOutputs(parts: ReadonlyMap<string, Part>): Plugin {
  const namespace = "godwit-built";
  return {
    name: "godwit-join",
    setup(build) {
      build.onResolve({ filter: /^godwit:built\// }, ({ path }) => {
        const name = path.slice("godwit:built/".length);
        return { path: `${name}/${name}`, namespace };
      });
      build.onResolve({ filter: /^\.\/chunk-/, namespace }, ({ path, importer }) => {
        const [entry = ""] = importer.split("/");
        const name = path.slice(2);
        if (parts.get(entry)?.kept.some((file) => file.name === name)) return { path, external: true };
        return { path: `${entry}/${name}`, namespace };
      });
      build.onLoad({ filter: /.*/, namespace }, ({ path }) => {
        const [entry = "", name = ""] = path.split("/");
        const file = parts.get(entry)?.files.get(name);
        if (!file) return { errors: [{ text: `There is no chunk ${path}.` }] };
        return { contents: file.code + inlineMap(file.map), loader: "js" };
      });
    },
  };
}

/** esbuild reads it and maps its own output back to the first sources. */
function inlineMap(map: string | undefined): string {
  if (map === undefined) return "";
  return `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString("base64")}`;
}
