/**
 * What both ways of placing modules share: a name for each, and which old versions may go.
 * @module
 */
import type { Module } from "./dev-graph.ts";

/** Old versions that stay: a request on its way may still ask for one. */
const KEPT = 200;
const KEPT_FOR = 60_000;

/** Names of modules, each its own. `toName` gives the one that is wanted; letters' case tells no two apart. */
export function createStems(toName: (module: Module) => string): (module: Module) => string {
  const names = new Map<Module, string>();
  const taken = new Set<string>();
  return (module) => {
    const known = names.get(module);
    if (known !== undefined) return known;
    const wanted = toName(module);
    let name = wanted;
    for (let at = 2; taken.has(name.toLowerCase()); at++) name = `${wanted}~${at}`;
    taken.add(name.toLowerCase());
    names.set(module, name);
    return name;
  };
}

/** Takes the name of a version that another one has replaced, and gives those that nobody can need any more to `forget`. */
export function createRetirement(forget: (name: string) => void): (name: string) => void {
  const old: { name: string; since: number }[] = [];
  return (name) => {
    old.push({ name, since: Date.now() });
    while (old.length > KEPT && Date.now() - (old[0]?.since ?? 0) > KEPT_FOR) forget(old.shift()?.name ?? "");
  };
}
