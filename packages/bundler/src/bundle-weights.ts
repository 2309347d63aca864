/**
 * Whose bytes a function carries: those of packages, and of the app's files.
 * @module
 */
import type { Shipment } from "./bundle-join.ts";
import type { Namer } from "./bundle-names.ts";
import type { Output } from "./bundle-pass.ts";
import type { Weight } from "./steps.ts";

/** By the function's id, the heaviest first. A chunk that many functions carry is weighed once. */
export function weighAll(shipments: readonly Shipment[], namer: Namer): Record<string, Weight[]> {
  const known = new Map<Output, ReadonlyMap<string, number>>();
  const weighOnce = (output: Output): ReadonlyMap<string, number> => {
    const weights = known.get(output) ?? byOwner(output.inputs, namer);
    known.set(output, weights);
    return weights;
  };
  return Object.fromEntries(
    shipments.map(({ plan, entry, chunks, inputs }) => {
      const parts = inputs ? [byOwner(inputs, namer)] : [entry, ...chunks].map(weighOnce);
      const sums = new Map<string, number>();
      for (const part of parts) for (const [name, bytes] of part) sums.set(name, (sums.get(name) ?? 0) + bytes);
      const weights = [...sums].map(([name, bytes]) => ({ name, bytes }));
      return [plan.id, weights.sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1))];
    }),
  );
}

function byOwner(inputs: Readonly<Record<string, number>>, namer: Namer): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const [input, bytes] of Object.entries(inputs)) {
    const name = namer.ownerOf(input);
    weights.set(name, (weights.get(name) ?? 0) + bytes);
  }
  return weights;
}
