/**
 * Packs units into as many functions as a platform takes, so that what a request loads beyond its own route is least.
 * @module
 */
import { settingsKey, type Unit } from "./group-units.ts";
import type { AnalysedApp } from "./steps.ts";

export interface Packing {
  /** At most so many units come out, if the rules allow it. */
  most: number;
  /** No unit grows over these bytes of code. Default: no bound. */
  bytes?: number;
  code: AnalysedApp["code"];
  /** Joins two, or says that they must not be together. */
  join(a: Unit, b: Unit): Unit | undefined;
}

interface Cluster {
  unit: Unit;
  /** Chunks that some other unit has as well; those of its own never meet another. */
  shared: readonly number[];
  bytes: number;
  key: string;
  best?: { partner: Cluster; cost: number };
  /** It is part of another one now. */
  gone: boolean;
  refused: Set<Cluster>;
}

/**
 * Merges pair by pair, first among equal settings, then among all. The cost of a pair is the bytes that its routes
 * would load in addition, so that those that share most meet first; equal costs go by the order of routes.
 */
export function pack(units: readonly Unit[], packing: Packing): Unit[] {
  let clusters = toClusters(units, packing);
  for (const loose of [false, true]) clusters = mergeWhile(clusters, packing, loose);
  return clusters.map(({ unit }) => unit);
}

function toClusters(units: readonly Unit[], { code }: Packing): Cluster[] {
  const chunks = units.map(({ routes }) => new Set(routes.flatMap(({ file }) => code.routes[file] ?? [])));
  const holders = new Uint32Array(code.chunks.length);
  for (const set of chunks) for (const chunk of set) holders[chunk] = (holders[chunk] ?? 0) + 1;
  return units.map((unit, at) => {
    const all = [...(chunks[at] ?? [])];
    const bytes = all.reduce((sum, chunk) => sum + (code.chunks[chunk] ?? 0), 0);
    const shared = all.filter((chunk) => (holders[chunk] ?? 0) > 1);
    return { unit, shared, bytes, key: settingsKey(unit), gone: false, refused: new Set() };
  });
}

function mergeWhile(given: Cluster[], packing: Packing, loose: boolean): Cluster[] {
  const { most, code, join, bytes: bound = Infinity } = packing;
  const clusters = [...given];
  if (clusters.length <= most) return clusters;
  const marked = new Uint8Array(code.chunks.length);
  const mark = (one: Cluster, value: 0 | 1) => {
    for (const chunk of one.shared) marked[chunk] = value;
  };
  /** What is marked is one of the two. */
  const common = (other: Cluster): number => {
    let bytes = 0;
    for (const chunk of other.shared) if (marked[chunk] === 1) bytes += code.chunks[chunk] ?? 0;
    return bytes;
  };
  const priceOf = (one: Cluster, other: Cluster, unmarked: Cluster): number => {
    if (other.unit.fixed || (!loose && one.key !== other.key) || one.refused.has(other)) return Infinity;
    const both = common(unmarked);
    if (one.bytes + other.bytes - both > bound) return Infinity;
    return one.unit.routes.length * (other.bytes - both) + other.unit.routes.length * (one.bytes - both);
  };
  /** The cheapest partner behind it in the list: each pair is looked at from its first member. */
  const seek = (at: number) => {
    const one = clusters[at];
    if (!one) return;
    one.best = undefined;
    if (one.unit.fixed) return;
    mark(one, 1);
    for (let next = at + 1; next < clusters.length; next++) {
      const partner = clusters[next];
      const cost = partner ? priceOf(one, partner, partner) : Infinity;
      if (partner && cost < (one.best?.cost ?? Infinity)) one.best = { partner, cost };
    }
    mark(one, 0);
  };
  for (let at = 0; at < clusters.length; at++) seek(at);
  while (clusters.length > most) {
    const at = cheapest(clusters);
    const one = clusters[at];
    const other = one?.best?.partner;
    if (!one || !other) break;
    if (other.gone) {
      seek(at);
      continue;
    }
    const unit = join(one.unit, other.unit);
    if (!unit) {
      one.refused.add(other);
      seek(at);
      continue;
    }
    mark(one, 1);
    const bytes = one.bytes + other.bytes - common(other);
    mark(one, 0);
    const shared = [...new Set([...one.shared, ...other.shared])];
    const key = one.key === other.key ? one.key : settingsKey(unit);
    const merged: Cluster = { unit, shared, bytes, key, gone: false, refused: new Set() };
    one.gone = true;
    other.gone = true;
    clusters[at] = merged;
    clusters.splice(clusters.indexOf(other), 1);
    seek(at);
    mark(merged, 1);
    // Who lost its partner keeps the cost: whatever is left costs no less, so that it is sought when its turn comes.
    for (let index = 0; index < at; index++) {
      const before = clusters[index];
      const cost = before && !before.unit.fixed ? priceOf(before, merged, before) : Infinity;
      if (before && cost < (before.best?.cost ?? Infinity)) before.best = { partner: merged, cost };
    }
    mark(merged, 0);
  }
  return clusters;
}

function cheapest(clusters: readonly Cluster[]): number {
  let found = -1;
  let least = Infinity;
  clusters.forEach(({ best }, at) => {
    if (!best || best.cost >= least) return;
    least = best.cost;
    found = at;
  });
  return found;
}
