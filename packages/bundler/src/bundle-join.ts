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

/** A function on its way: the outputs that it ships, its entry first, and the inputs that they came from. */
export interface Shipment {
  plan: FunctionPlan;
  entry: Output;
  chunks: Output[];
  inputs: Record<string, number>;
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

/** Replaces entry and chunks in each shipment. */
export async function joinFunctions(shipments: Shipment[], join: JoinOptions): Promise<void> {
  const lazy = shipments.filter((each) => each.chunks.some((output) => isDynamic(each, output)));
  const plain = shipments.filter((each) => !lazy.includes(each));
  for (let at = 0; at < plain.length; at += BATCH) await joinAll(plain.slice(at, at + BATCH), false, join);
  for (const shipment of lazy) await joinAll([shipment], true, join);
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
  }
}

interface Part {
  files: ReadonlyMap<string, Output>;
  kept: Output[];
}

/**
 * The heaviest chunks stay files that many functions share. What they import stays beside them: joined into an entry,
 * a module of theirs would be there twice.
 */
function toPart({ entry, chunks }: Shipment): Part {
  const files = new Map([entry, ...chunks].map((file) => [file.name, file]));
  const atStart = new Set(reach(files, entry.name, ["statics"]));
  const kept = new Set<string>();
  const heaviest = chunks
    .filter(({ name }) => atStart.has(name))
    .sort((a, b) => b.code.length - a.code.length || (a.name < b.name ? -1 : 1));
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
