/**
 * The order in which ECMAScript runs modules, asked a thousand times over one graph: modules are numbers here.
 * @module
 */
import type { Metafile } from "esbuild";

export interface OrderGraph {
  /** Numbers are given as they are asked for; what the graph does not know has one too, and imports nothing. */
  idOf(input: string): number;
  nameOf(module: number): string;
  /** The modules that one imports, each after what it imports itself. */
  order(start: number): number[];
  /** Equal for modules that import the same, among each other and from others: 1,000 functions are alike so. */
  shapeOf(modules: readonly number[]): string;
  /** What loads on first use starts an order of its own. */
  lazyStarts(start: number): number[];
}

interface Edges {
  statics: number[];
  all: number[];
  dynamics: number[];
  /** It runs where its importer calls it, and so belongs to that. */
  commonjs: boolean;
}

export function createOrderGraph(inputs: Metafile["inputs"]): OrderGraph {
  const ids = new Map<string, number>();
  const names: string[] = [];
  const edges: (Edges | undefined)[] = [];
  const stamps: number[] = [];
  let stamp = 0;
  const lazy = reachingLazy(inputs);
  const idOf = (input: string): number => {
    const known = ids.get(input);
    if (known !== undefined) return known;
    ids.set(input, names.length);
    return names.push(input) - 1;
  };
  const edgesOf = (module: number): Edges => {
    const known = edges[module];
    if (known) return known;
    const { imports = [], format } = inputs[names[module] ?? ""] ?? {};
    const own = imports.filter(({ external }) => !external);
    const pick = (kind: string): number[] => own.filter((each) => each.kind === kind).map(({ path }) => idOf(path));
    const made: Edges = {
      statics: pick("import-statement"),
      all: own.map(({ path }) => idOf(path)),
      dynamics: pick("dynamic-import"),
      commonjs: format === "cjs",
    };
    edges[module] = made;
    return made;
  };
  return {
    idOf,
    nameOf: (module) => names[module] ?? "",
    order(start) {
      stamp++;
      stamps[start] = stamp;
      const ordered: number[] = [];
      const stack = [{ module: start, next: 0, edges: edgesOf(start) }];
      for (let top = stack.at(-1); top; top = stack.at(-1)) {
        const module = top.edges.statics[top.next++];
        if (module === undefined) {
          if (!top.edges.commonjs) ordered.push(top.module);
          stack.pop();
        } else if (stamps[module] !== stamp) {
          stamps[module] = stamp;
          stack.push({ module, next: 0, edges: edgesOf(module) });
        }
      }
      return ordered;
    },
    shapeOf(modules) {
      const places = new Map(modules.map((module, at) => [module, `#${at}`]));
      const print = (list: readonly number[]) => list.map((module) => places.get(module) ?? module);
      return modules
        .map(edgesOf)
        .map(({ all, statics, dynamics, commonjs }) => `${print(all)}:${print(statics)}:${print(dynamics)}:${commonjs}`)
        .join(";");
    },
    lazyStarts(start) {
      const seen = new Set([start]);
      const starts = new Set<number>();
      for (const module of seen) {
        if (!lazy.has(names[module] ?? "")) continue;
        const { all, dynamics } = edgesOf(module);
        for (const next of dynamics) starts.add(next);
        for (const next of all) seen.add(next);
      }
      return [...starts];
    },
  };
}

/** Whoever has a dynamic import, and whoever reaches one: nobody else need be walked. */
function reachingLazy(inputs: Metafile["inputs"]): ReadonlySet<string> {
  const importers = new Map<string, string[]>();
  const reaching = new Set<string>();
  for (const [input, { imports }] of Object.entries(inputs)) {
    for (const { path, kind, external } of imports) {
      if (external) continue;
      if (kind === "dynamic-import") reaching.add(input);
      const known = importers.get(path);
      if (known) known.push(input);
      else importers.set(path, [input]);
    }
  }
  for (const input of reaching) for (const importer of importers.get(input) ?? []) reaching.add(importer);
  return reaching;
}
