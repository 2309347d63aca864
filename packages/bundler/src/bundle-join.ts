/**
 * A function that reaches many chunk files starts slower than one file: its files are put together again. They are
 * transformed and minified already, so this costs a fraction of bundling them from their sources, and what a shared
 * chunk holds for other functions alone falls away.
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

/** Functions of one pass: each comes out whole, so all at once would need much memory. */
const BATCH = 50;

/** Replaces entry and chunks in each shipment. */
export async function joinFunctions(shipments: Shipment[], join: JoinOptions): Promise<void> {
  const lazy = shipments.filter((each) => each.chunks.some((output) => isDynamic(each, output)));
  const plain = shipments.filter((each) => !lazy.includes(each));
  for (let at = 0; at < plain.length; at += BATCH) await joinPlain(plain.slice(at, at + BATCH), join);
  for (const shipment of lazy) await joinLazy(shipment, join);
}

function isDynamic({ entry, chunks }: Shipment, output: Output): boolean {
  return [entry, ...chunks].some((other) => other.dynamics.includes(output.name));
}

async function joinPlain(shipments: Shipment[], join: JoinOptions): Promise<void> {
  const outputs = await rebundle(shipments, false, join);
  for (const shipment of shipments) {
    shipment.entry = outputs.get(shipment.entry.name) ?? shipment.entry;
    shipment.chunks = [];
  }
}

/** What loads on first use stays apart; what loads at start-up becomes as few files as that allows. */
async function joinLazy(shipment: Shipment, join: JoinOptions): Promise<void> {
  const outputs = await rebundle([shipment], true, join);
  const { name } = shipment.entry;
  shipment.entry = outputs.get(name) ?? shipment.entry;
  shipment.chunks = reach(outputs, name, ["statics", "dynamics"])
    .sort()
    .flatMap((each) => outputs.get(each) ?? []);
}

async function rebundle(shipments: Shipment[], splitting: boolean, join: JoinOptions): Promise<Map<string, Output>> {
  const files = new Map(shipments.flatMap(({ entry, chunks }) => [entry, ...chunks]).map((file) => [file.name, file]));
  const { options, namer } = join;
  const pass = await runPass(
    {
      ...options,
      splitting,
      entryPoints: shipments.map(({ entry }) => ({
        in: `godwit:built/${entry.name}`,
        out: entry.name.slice(0, -join.extension.length),
      })),
      external: [...(options.external ?? []), ...new Set([...files.values()].flatMap((file) => file.externals))],
      plugins: [fromOutputs(files)],
      define: {},
    },
    namer,
  );
  return pass.outputs;
}

function fromOutputs(files: ReadonlyMap<string, Output>): Plugin {
  return {
    name: "godwit-join",
    setup(build) {
      build.onResolve({ filter: /^godwit:built\// }, ({ path }) => ({
        path: path.slice("godwit:built/".length),
        namespace: "godwit-built",
      }));
      build.onResolve({ filter: /^\.\/chunk-/, namespace: "godwit-built" }, ({ path }) => ({
        path: path.slice(2),
        namespace: "godwit-built",
      }));
      build.onLoad({ filter: /.*/, namespace: "godwit-built" }, ({ path }) => {
        const file = files.get(path);
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
