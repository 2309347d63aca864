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
  /** What loads on first use starts an order of its own. */
  lazyStarts(start: number): number[];
}

interface Edges {
  statics: number[];
  all: number[];
  lazy: number[];
  /** It runs where its importer calls it, and so belongs to that. */
  commonjs: boolean;
}

export function createOrderGraph(inputs: Metafile["inputs"]): OrderGraph {
  const ids = new Map<string, number>();
  const names: string[] = [];
  const edges: (Edges | undefined)[] = [];
  const stamps: number[] = [];
  let stamp = 0;
  const hasLazy = Object.values(inputs).some(({ imports }) =>
    imports.some(({ kind, external }) => kind === "dynamic-import" && !external),
  );
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
      lazy: pick("dynamic-import"),
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
    lazyStarts(start) {
      if (!hasLazy) return [];
      const seen = new Set([start]);
      const starts = new Set<number>();
      for (const module of seen) {
        const { all, lazy } = edgesOf(module);
        for (const next of lazy) starts.add(next);
        for (const next of all) seen.add(next);
      }
      return [...starts];
    },
  };
}
