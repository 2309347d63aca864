/**
 * Shared chunks change the order in which modules run: what a function has for itself runs after every chunk that it
 * imports. That shows where one module sets something up at import (a polyfill, instrumentation) and another reads it.
 * @module
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Metafile } from "esbuild";
import { type Effect, findEffect } from "./bundle-effects.ts";
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
  find(shipped: Shipped): Promise<Disorder | undefined>;
}

/** Modules are read and parsed once, and only where some order differs. */
export function createOrderCheck({ root, inputs, outputs }: OrderInput): OrderCheck {
  const effects = new Map<string, Promise<Effect>>();
  const effectOf = (input: string): Promise<Effect> => {
    const known = effects.get(input) ?? readEffect(root, input, inputs);
    effects.set(input, known);
    return known;
  };
  return {
    async find({ source, files }) {
      const held = new Map(files.map((file) => [file.name, { file, inputs: expand(file, outputs) }]));
      const atStart = new Set(order(inputs, source));
      for (const start of [source, ...lazyStarts(inputs, source)]) {
        const ran = toRanks(held, start);
        // what ran when the function started is there for whatever loads later, in either order
        const wanted = order(inputs, start).filter(
          (input) => ran.has(input) && (start === source || !atStart.has(input)),
        );
        const disorder = await compare(displaced(wanted, ran), ran, effectOf);
        if (disorder) return disorder;
      }
      return undefined;
    },
  };
}

async function compare(
  wanted: readonly string[],
  ran: ReadonlyMap<string, number>,
  effectOf: (input: string) => Promise<Effect>,
): Promise<Disorder | undefined> {
  const acting: { input: string; writes: boolean; rank: number }[] = [];
  for (const input of wanted) {
    const effect = await effectOf(input);
    if (effect !== "none") acting.push({ input, writes: effect === "writes", rank: ran.get(input) ?? 0 });
  }
  // the latest that ran so far, and the latest of those that write: a later module that ran before one of them shows
  let last: (typeof acting)[number] | undefined;
  let writer: typeof last;
  for (const one of acting) {
    const before = one.writes ? last : writer;
    if (before && one.rank < before.rank) return { first: before.input, second: one.input };
    if (!last || one.rank > last.rank) last = one;
    if (one.writes && (!writer || one.rank > writer.rank)) writer = one;
  }
  return undefined;
}

interface Held {
  file: Output;
  inputs: string[];
}

/** A joined file holds the modules of the files that it was made of. */
function expand(file: Output, outputs: ReadonlyMap<string, Output>): string[] {
  return Object.keys(file.inputs).flatMap((input) => {
    const first = input.startsWith("godwit-built:") ? outputs.get(input.split("/").pop() ?? "") : undefined;
    return first ? Object.keys(first.inputs) : [input];
  });
}

/** When each module runs in what ships, once the file that holds the first one is loaded. */
function toRanks(held: ReadonlyMap<string, Held>, start: string): Map<string, number> {
  const ranks = new Map<string, number>();
  const seen = new Set<string>();
  const run = (name: string): void => {
    const found = held.get(name);
    if (!found || seen.has(name)) return;
    seen.add(name);
    for (const next of found.file.statics) run(next);
    for (const input of found.inputs) if (!ranks.has(input)) ranks.set(input, ranks.size);
  };
  for (const [name, { inputs }] of held) if (inputs.includes(start)) run(name);
  return ranks;
}

/** The modules that one imports, each after what it imports itself: the order in which ECMAScript runs them. */
function order(inputs: Metafile["inputs"], start: string): string[] {
  const seen = new Set<string>([start]);
  const ordered: string[] = [];
  const stack = [{ input: start, next: 0 }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const edge = inputs[top.input]?.imports[top.next++];
    if (!edge) {
      // CommonJS runs where its importer calls it, and so belongs to that
      if (inputs[top.input]?.format !== "cjs") ordered.push(top.input);
      stack.pop();
    } else if (!edge.external && edge.kind === "import-statement" && !seen.has(edge.path)) {
      seen.add(edge.path);
      stack.push({ input: edge.path, next: 0 });
    }
  }
  return ordered;
}

/** What loads on first use starts an order of its own. */
function lazyStarts(inputs: Metafile["inputs"], source: string): string[] {
  const seen = new Set([source]);
  const starts = new Set<string>();
  for (const input of seen) {
    for (const { path, kind, external } of inputs[input]?.imports ?? []) {
      if (external) continue;
      if (kind === "dynamic-import") starts.add(path);
      seen.add(path);
    }
  }
  return [...starts];
}

/** Those that some other one overtook, or that overtook some: the rest need not be read. */
function displaced(wanted: readonly string[], ranks: ReadonlyMap<string, number>): string[] {
  const ran = wanted.map((input) => ranks.get(input) ?? 0);
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

async function readEffect(root: string, input: string, inputs: Metafile["inputs"]): Promise<Effect> {
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
