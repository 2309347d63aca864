/**
 * Shared chunks change the order in which modules run: what a function has for itself runs after every chunk that it
 * imports. That shows where one module sets something up at import (a polyfill, instrumentation) and another reads it.
 * @module
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Metafile } from "esbuild";
import { type Effect, findEffect } from "./bundle-effects.ts";
import { createOrderGraph } from "./bundle-order-graph.ts";
import type { Output } from "./bundle-pass.ts";

export interface OrderInput {
  root: string;
  /** The module graph of the pass that split. */
  inputs: Metafile["inputs"];
  /** The outputs of that pass by name, for files that were joined from them. */
  outputs: ReadonlyMap<string, Output>;
}

export interface Shipped {
  /** The module that it starts from, as the graph names it. */
  source: string;
  /** As it ships, the entry first. */
  files: readonly Output[];
}

/** A module that must run before another one, and would not. */
export interface Disorder {
  first: string;
  second: string;
}

export interface OrderCheck {
  /** The first pair whose order would show; undefined when none would. */
  find(shipped: Shipped): Disorder | undefined;
}

/** Modules are read and parsed once, and only where some order differs. */
export function createOrderCheck({ root, inputs, outputs }: OrderInput): OrderCheck {
  const graph = createOrderGraph(inputs);
  const effects = new Map<number, Effect>();
  const effectOf = (module: number): Effect => {
    const known = effects.get(module) ?? readEffect(root, graph.nameOf(module), inputs);
    effects.set(module, known);
    return known;
  };
  const inOrder = new Set<string>();
  const expanded = new WeakMap<Output, readonly number[]>();
  const expandOnce = (file: Output): readonly number[] => {
    const known = expanded.get(file) ?? expand(file, outputs).map(graph.idOf);
    expanded.set(file, known);
    return known;
  };
  return {
    find({ source, files }) {
      const held = new Map(files.map((file) => [file.name, { file, modules: expandOnce(file) }]));
      const [entry] = files;
      // before it was joined with what others have too
      const own = new Set(entry ? expandOnce(outputs.get(entry.name) ?? entry) : []);
      const shape = `${graph.shapeOf([...own])} ${files.slice(1).map(({ name }) => name)}`;
      if (inOrder.has(shape)) return undefined;
      let readsOwn = false;
      const effectHere = (module: number): Effect => {
        readsOwn ||= own.has(module);
        return effectOf(module);
      };
      const first = graph.idOf(source);
      const wholeOrder = graph.order(first);
      const atStart = new Set(wholeOrder);
      for (const start of [first, ...graph.lazyStarts(first)]) {
        const ran = toRanks(held, start);
        // what ran when the function started is there for whatever loads later, in either order
        const wanted = (start === first ? wholeOrder : graph.order(start)).filter(
          (module) => ran.has(module) && (start === first || !atStart.has(module)),
        );
        const pair = compare(displaced(wanted, ran), ran, own, effectHere);
        if (pair) return { first: graph.nameOf(pair[0]), second: graph.nameOf(pair[1]) };
      }
      // the next one like it is in order too, where that was not for what its own modules do
      if (!readsOwn) inOrder.add(shape);
      return undefined;
    },
  };
}

interface Acting {
  module: number;
  writes: boolean;
  rank: number;
}

/**
 * The first two whose order shows. Modules that one function has for itself keep their order among each other: they are
 * read only where one that other functions have too does something and is on the other side of them.
 */
function compare(
  wanted: readonly number[],
  ran: ReadonlyMap<number, number>,
  own: ReadonlySet<number>,
  effectOf: (module: number) => Effect,
): [first: number, second: number] | undefined {
  const rankOf = (module: number): number => ran.get(module) ?? 0;
  const isOvertaken = wanted.map(() => false);
  let least = Infinity;
  for (let at = wanted.length - 1; at >= 0; at--) {
    const module = wanted[at] ?? 0;
    isOvertaken[at] = least < rankOf(module);
    if (!own.has(module) && effectOf(module) !== "none") least = Math.min(least, rankOf(module));
  }
  // the latest that ran so far, and the latest of those that write: a later module that ran before one of them shows
  let last: Acting | undefined;
  let lastShared = -1;
  let writer: Acting | undefined;
  for (const [at, module] of wanted.entries()) {
    const rank = rankOf(module);
    if (own.has(module) && !isOvertaken[at] && lastShared < rank) continue;
    const effect = effectOf(module);
    if (effect === "none") continue;
    const one = { module, writes: effect === "writes", rank };
    const before = one.writes ? last : writer;
    if (before && rank < before.rank) return [before.module, module];
    if (!last || rank > last.rank) last = one;
    if (one.writes && (!writer || rank > writer.rank)) writer = one;
    if (!own.has(module)) lastShared = Math.max(lastShared, rank);
  }
  return undefined;
}

interface Held {
  file: Output;
  modules: readonly number[];
}

/** A joined file holds the modules of the files that it was made of. */
function expand(file: Output, outputs: ReadonlyMap<string, Output>): string[] {
  return Object.keys(file.inputs).flatMap((input) => {
    const first = input.startsWith("godwit-built:") ? outputs.get(input.split("/").pop() ?? "") : undefined;
    return first ? Object.keys(first.inputs) : [input];
  });
}

/** When each module runs in what ships, once the file that holds the first one is loaded. */
function toRanks(held: ReadonlyMap<string, Held>, start: number): Map<number, number> {
  const ranks = new Map<number, number>();
  const seen = new Set<string>();
  const run = (name: string): void => {
    const found = held.get(name);
    if (!found || seen.has(name)) return;
    seen.add(name);
    for (const next of found.file.statics) run(next);
    for (const module of found.modules) if (!ranks.has(module)) ranks.set(module, ranks.size);
  };
  for (const [name, { modules }] of held) if (modules.includes(start)) run(name);
  return ranks;
}

/** Those that some other one overtook, or that overtook some: the rest need not be read. */
function displaced(wanted: readonly number[], ranks: ReadonlyMap<number, number>): number[] {
  const ran = wanted.map((module) => ranks.get(module) ?? 0);
  const overtook = new Set<number>();
  let least = Infinity;
  for (let at = ran.length - 1; at >= 0; at--) {
    const rank = ran[at] ?? 0;
    if (rank > least) overtook.add(at);
    least = Math.min(least, rank);
  }
  let most = -1;
  return wanted.filter((_, at) => {
    const rank = ran[at] ?? 0;
    const was = rank < most;
    most = Math.max(most, rank);
    return was || overtook.has(at);
  });
}

function readEffect(root: string, input: string, inputs: Metafile["inputs"]): Effect {
  // what the build wrote itself does nothing but join its imports; data does nothing
  if (input.startsWith("godwit-") || !/\.[cm]?[jt]sx?$/.test(input)) return "none";
  let text: string;
  try {
    text = readFileSync(resolve(root, input), "utf8");
  } catch {
    return "reads";
  }
  const commonjs = (inputs[input]?.imports ?? []).flatMap(({ path, original }) =>
    original !== undefined && inputs[path]?.format === "cjs" ? [original] : [],
  );
  return findEffect(input, text, new Set(commonjs));
}
