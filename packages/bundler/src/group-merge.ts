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
  chunks: ReadonlySet<number>;
  bytes: number;
  key: string;
  best?: { partner: Cluster; cost: number };
  /** It is part of another one now. */
  gone?: boolean;
}

/**
 * Merges pair by pair, first among equal settings, then among all. The cost of a pair is the bytes that its routes
 * would load in addition, so that those that share most meet first; equal costs go by the order of routes.
 */
export function pack(units: readonly Unit[], packing: Packing): Unit[] {
  let clusters = units.map((unit) => toCluster(unit, packing));
  for (const loose of [false, true]) clusters = mergeWhile(clusters, packing, loose);
  return clusters.map(({ unit }) => unit);
}

function toCluster(unit: Unit, { code }: Packing): Cluster {
  const chunks = new Set(unit.routes.flatMap(({ file }) => code.routes[file] ?? []));
  return { unit, chunks, bytes: weigh(chunks, code), key: settingsKey(unit) };
}

function weigh(chunks: ReadonlySet<number>, code: AnalysedApp["code"]): number {
  let bytes = 0;
  for (const chunk of chunks) bytes += code.chunks[chunk] ?? 0;
  return bytes;
}

function mergeWhile(given: Cluster[], packing: Packing, loose: boolean): Cluster[] {
  const clusters = [...given];
  const refused = new Set<string>();
  const cost = (a: Cluster, b: Cluster): number => {
    if (a.unit.fixed || b.unit.fixed || (!loose && a.key !== b.key)) return Infinity;
    const [small, large] = a.chunks.size < b.chunks.size ? [a, b] : [b, a];
    let shared = 0;
    for (const chunk of small.chunks) if (large.chunks.has(chunk)) shared += packing.code.chunks[chunk] ?? 0;
    if (a.bytes + b.bytes - shared > (packing.bytes ?? Infinity)) return Infinity;
    if (refused.size > 0 && refused.has(pairOf(a, b))) return Infinity;
    return a.unit.routes.length * (b.bytes - shared) + b.unit.routes.length * (a.bytes - shared);
  };
  /** The cheapest partner behind it in the list; each pair is looked at from its first member. */
  const seek = (at: number) => {
    const one = clusters[at];
    if (!one) return;
    one.best = undefined;
    for (let next = at + 1; next < clusters.length; next++) {
      const partner = clusters[next];
      const price = partner ? cost(one, partner) : Infinity;
      if (partner && price < (one.best?.cost ?? Infinity)) one.best = { partner, cost: price };
    }
  };
  if (clusters.length <= packing.most) return clusters;
  clusters.forEach((_, at) => {
    seek(at);
  });
  while (clusters.length > packing.most) {
    let at = -1;
    clusters.forEach(({ best }, index) => {
      if (best && best.cost < (clusters[at]?.best?.cost ?? Infinity)) at = index;
    });
    const one = clusters[at];
    const other = one?.best?.partner;
    if (!one || !other) break;
    const unit = packing.join(one.unit, other.unit);
    if (!unit) {
      refused.add(pairOf(one, other));
      seek(at);
      continue;
    }
    const merged = toCluster(unit, packing);
    one.gone = true;
    other.gone = true;
    clusters[at] = merged;
    clusters.splice(clusters.indexOf(other), 1);
    seek(at);
    clusters.forEach((before, index) => {
      if (before.best?.partner.gone) seek(index);
      const price = index < at ? cost(before, merged) : Infinity;
      if (price < (before.best?.cost ?? Infinity)) before.best = { partner: merged, cost: price };
    });
  }
  return clusters;
}

function pairOf(a: Cluster, b: Cluster): string {
  return `${a.unit.routes[0]?.file}\n${b.unit.routes[0]?.file}`;
}
