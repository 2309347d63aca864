/**
 * Fronts that take fewer routes than the app has: the last function, which gets what no front route takes, serves some.
 * @module
 */
import { compareSegments, expandOptionals, type Segment } from "@godwit/core/pattern";
import { overlap } from "./group-fronts.ts";
import type { Unit } from "./group-units.ts";

interface Row {
  segments: Segment[];
  unit: Unit;
}

/** Those units whose routes the front leaves out, the less specific first; `home` are there already. */
export function absorb(units: readonly Unit[], home: readonly Unit[], most: number): Unit[] {
  const inside = new Set(home);
  const rows: Row[] = units
    .flatMap((unit) =>
      unit.routes.flatMap(({ segments }) => expandOptionals(segments).map((row) => ({ segments: row, unit }))),
    )
    .sort((a, b) => compareSegments(a.segments, b.segments));
  const size = ({ segments }: Row): number => (segments.at(-1)?.kind === "optional-rest" ? 2 : 1);
  const count = (): number => rows.reduce((sum, row) => sum + (inside.has(row.unit) ? 0 : size(row)), 1);
  // With no bound, and with room enough, the functions stay as they are.
  for (let at = rows.length - 1; at >= 0 && count() > most; at--) {
    const unit = rows[at]?.unit;
    if (unit && !unit.fixed) inside.add(unit);
  }
  if (inside.size > 0) follow(rows, inside);
  return [...inside];
}

/** A less specific row in the front would take the paths of one that was left out. */
function follow(rows: readonly Row[], inside: Set<Unit>): void {
  for (let grown = true; grown; ) {
    grown = false;
    rows.forEach((row, at) => {
      if (!inside.has(row.unit)) return;
      for (const other of rows.slice(at + 1)) {
        if (inside.has(other.unit) || !overlap(row.segments, other.segments)) continue;
        inside.add(other.unit);
        grown = true;
      }
    });
  }
}
