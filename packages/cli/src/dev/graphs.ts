/**
 * The module graphs of one app: one for each way in which the target's runtimes take modules, made when first asked.
 * @module
 */
import type { DevChange, DevFailure, DevGraph, DevOptions, Notice } from "@godwit/bundler";
import { openDev } from "@godwit/bundler";
import type { Target } from "@godwit/bundler/contracts";
import type { Placing } from "./placing.ts";

type Format = Parameters<DevGraph["resolve"]>[0]["format"];

export interface Graphs {
  /** Runtimes that take texts and keep everything in one place. */
  isEvaluated: boolean;
  of(format: Format): Promise<DevGraph>;
  /** Of all that are open. */
  change(files: readonly string[]): Promise<DevChange>;
  /** Files with a syntax error, absolute. */
  broken(): Promise<string[]>;
  renew(): void;
  mapStack(text: string): string;
  patterns(): string[];
  /** The file of a route, relative to the root. */
  fileOf(pattern: string): string | undefined;
  close(): Promise<void>;
}

export interface GraphsOptions {
  root: string;
  target: Target;
  /** What the target's schema made of its slice of the config. */
  targetConfig: unknown;
  external: readonly string[];
  stores: DevOptions["stores"];
  /** A debugger may attach. */
  inspect: boolean;
  placing: Pick<Placing, "variantOf" | "variants">;
  /** A route reaches what the platform lacks. */
  onGap(notice: Notice): void;
}

/** Opens the graph of the variant that takes an ordinary route at once. */
export function openGraphs(options: GraphsOptions): Graphs {
  const { root, target, targetConfig, external, stores, inspect, placing, onGap } = options;
  const formatOf = (variant: string): Format => (target.variants[variant]?.dev ? "evaluate" : "import");
  const usual = usualVariant(target, targetConfig);
  const opening = new Map<Format, Promise<DevGraph>>();
  const graphs: DevGraph[] = [];
  const of = (format: Format): Promise<DevGraph> => {
    const known = opening.get(format);
    if (known) return known;
    const variant = [usual, ...Object.keys(target.variants)].find((name) => formatOf(name) === format) ?? usual;
    const settings = target.esbuild(variant, targetConfig);
    const serves = (pattern: string): boolean => formatOf(placing.variantOf(pattern) ?? usual) === format;
    const gaps = { target, targetConfig, variant, onNotice: onGap };
    const given = { settings, external, stores, inspect, format, serves, gaps };
    const graph = openDev({ root, adaptersFrom: import.meta.url, ...given });
    opening.set(format, graph);
    graph.then(
      (opened) => graphs.push(opened),
      () => opening.delete(format), // the next who asks tries again, and is told
    );
    return graph;
  };
  const routes = (): DevGraph["routes"] => graphs.flatMap((graph) => graph.routes);
  const first = formatOf(usual);
  of(first)
    .then((graph) => warm(graph, first))
    .catch(() => {});
  return {
    isEvaluated: Object.values(target.variants).every(({ dev }) => dev !== undefined),
    of,
    async change(files) {
      if (files.length > 0) for (const variant of placing.variants()) of(formatOf(variant)).catch(() => {});
      await Promise.allSettled(opening.values());
      const changes = await Promise.all(graphs.map((graph) => graph.change(files)));
      const join = (member: "updated" | "added" | "removed"): string[] => [
        ...new Set(changes.flatMap((change) => change[member])),
      ];
      const failures: DevFailure[] = changes.flatMap((change) => change.failures);
      const relinked = changes.some((change) => change.relinked);
      return { updated: join("updated"), added: join("added"), removed: join("removed"), relinked, failures };
    },
    broken: async () => (await graphs[0]?.broken()) ?? [],
    renew() {
      for (const graph of graphs) graph.renew();
    },
    mapStack: (text) => graphs.reduce((mapped, graph) => graph.mapStack(mapped), text),
    patterns: () => [...new Set(routes().map(({ pattern }) => pattern))],
    fileOf: (wanted) => routes().find(({ pattern }) => pattern === wanted)?.file,
    async close() {
      await Promise.allSettled(opening.values());
      await Promise.all(graphs.map((graph) => graph.close()));
    },
  };
}

/** While the runtime starts, what its first request will ask for is made. Whoever asks is told what is wrong with it. */
async function warm(graph: DevGraph, format: Format): Promise<void> {
  const { id } = graph.routes.find(({ pattern }) => pattern === "/") ?? graph.routes[0] ?? {};
  await Promise.allSettled(["", id].map((each) => each !== undefined && graph.resolve({ format, id: each })));
}

/** That of a route which asks for nothing and needs nothing. */
function usualVariant(target: Target, targetConfig: unknown): string {
  const plain = { methods: ["*"], config: {}, middleware: [], needs: [], usesWaitUntil: false, external: [] };
  const route = { file: "", pattern: "/", segments: [], ...plain };
  return target.choose({ route, lacks: () => undefined }, targetConfig).variant;
}
