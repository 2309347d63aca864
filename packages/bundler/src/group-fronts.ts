/**
 * Which routes a platform's front cannot tell apart. Fronts see segments; matchers are tested inside functions.
 * @module
 */
import { compareSegments, expandOptionals, type Segment } from "@godwit/core/pattern";
import type { Capabilities, RoutePlan } from "./contracts.ts";

/** Whether some path fits both, matchers aside. Neither may have optionals left. */
export function overlap(a: readonly Segment[], b: readonly Segment[]): boolean {
  for (let at = 0; ; at++) {
    const [left, right] = [a[at], b[at]];
    if (!left || !right) return left === right || (left ?? right)?.kind === "optional-rest";
    if (isRest(left)) return isRest(right) || left.kind === "optional-rest" || b.length > at;
    if (isRest(right)) return right.kind === "optional-rest" || a.length > at;
    if (left.kind === "static" && right.kind === "static" && left.value !== right.value) return false;
  }
}

/** Whether every path that fits `inner` fits `outer`, matchers aside. */
function contains(outer: readonly Segment[], inner: readonly Segment[]): boolean {
  for (let at = 0; ; at++) {
    const [wide, narrow] = [outer[at], inner[at]];
    if (wide?.kind === "optional-rest") return true;
    if (wide?.kind === "rest") return narrow !== undefined && narrow.kind !== "optional-rest";
    if (!wide || !narrow) return wide === narrow;
    if (isRest(narrow)) return false;
    if (wide.kind === "static" && (narrow.kind !== "static" || narrow.value !== wide.value)) return false;
  }
}

function isRest({ kind }: Segment): boolean {
  return kind === "rest" || kind === "optional-rest";
}

/** Why two rows must be in one function behind that front; undefined when they need not. `a` is the more specific. */
function tie(front: Capabilities["front"], a: readonly Segment[], b: readonly Segment[]): string | undefined {
  if (!overlap(a, b)) return undefined;
  const matcher = a.find((segment) => segment.matcher && segment.kind !== "static")?.matcher;
  // What the matcher refuses belongs to the other one, and the front sends both the same way.
  if (matcher) return `the front cannot test the matcher "${matcher}"`;
  const [inside, around] = [contains(b, a), contains(a, b)];
  if (inside && around) return "the front sees one shape";
  // A front of regular expressions reads its routes in our order.
  return front === "segments" && !inside ? "the front has no order for routes that cross" : undefined;
}

export interface Tied {
  routes: RoutePlan[];
  /** Why they are together; undefined for a route alone. */
  reason?: string;
}

/** Sets of routes that must share a function behind that front, in the order of the routes. */
export function tieRoutes(routes: readonly RoutePlan[], front: Capabilities["front"]): Tied[] {
  const parents = routes.map((_, at) => at);
  const find = (at: number): number => {
    let root = at;
    while (parents[root] !== root) root = parents[root] ?? root;
    parents[at] = root;
    return root;
  };
  const reasons = new Map<number, string>();
  // A row of plain text is never in another's way; among those with parameters the first text mostly tells.
  const rows = routes
    .flatMap(({ segments }, at) => expandOptionals(segments).map((row) => ({ row, at })))
    .filter(({ row }) => row.some(({ kind }) => kind !== "static"))
    .sort((a, b) => compareSegments(a.row, b.row));
  rows.forEach((one, index) => {
    for (let next = index + 1; next < rows.length; next++) {
      const other = rows[next];
      if (!other || find(one.at) === find(other.at)) continue;
      const why = tie(front, one.row, other.row);
      if (why === undefined) continue;
      const [low, high] = [find(one.at), find(other.at)].sort((a, b) => a - b) as [number, number]; // two of them
      parents[high] = low;
      reasons.set(low, reasons.get(low) ?? reasons.get(high) ?? why);
    }
  });
  const sets = new Map<number, RoutePlan[]>();
  routes.forEach((route, at) => {
    const root = find(at);
    sets.set(root, [...(sets.get(root) ?? []), route]);
  });
  return [...sets].map(([root, members]) => ({
    routes: members,
    ...(members.length > 1 && { reason: reasons.get(root) ?? "the front sees one shape" }),
  }));
}
