/**
 * A report in a few lines, for the terminal: what changed since the last build, and the nearest limit.
 * @module
 */
import type { ReportData, ReportLimit } from "@godwit/bundler";
import colors from "./colors.ts";
import { print, size } from "./output.ts";

/** Names and changes that a line lists. */
const MOST = 5;
/** The share of a limit below which nobody needs to hear of it. */
const NEAR = 0.5;

/** ` (+1.2 kB)` where there was a build before and its sum was another; else nothing. */
export function totalDifference({ bytes, changes }: Pick<ReportData, "bytes" | "changes">): string {
  const more = changes ? bytes - changes.before.bytes : 0;
  return more === 0 ? "" : ` (${difference(more)})`;
}

export function printReport(data: ReportData): void {
  for (const line of [...changeLines(data), ...limitLines(data)]) print(line);
}

function changeLines({ changes }: ReportData): string[] {
  if (!changes) return [];
  const { added, removed, changed } = changes;
  if (added.length + removed.length + changed.length === 0) return [colors.dim("nothing changed since the last build")];
  const resized = changed.map(({ id, bytes, packages: [first] }) => {
    const by = first && changed.length === 1 ? `, most by ${first.name} ${difference(first.bytes)}` : "";
    return `${id} ${bytes === 0 ? "same size" : difference(bytes)}${by}`;
  });
  return [
    ...(added.length > 0 ? [`${colors.green("added")}   ${list(added)}`] : []),
    ...(removed.length > 0 ? [`${colors.red("removed")} ${list(removed)}`] : []),
    ...(changed.length > 0 ? [`${colors.yellow("changed")} ${list(resized)}`] : []),
  ];
}

function list(names: readonly string[]): string {
  const left = names.length - MOST;
  return names.slice(0, MOST).join(", ") + (left > 0 ? ` and ${left} more` : "");
}

/** The one limit of which most is used, when that is half of it or more. */
function limitLines({ limits, functions }: ReportData): string[] {
  const all: { limit: ReportLimit; whose: string }[] = [
    ...limits.map((limit) => ({ limit, whose: "the app" })),
    ...functions.flatMap(({ id, limits: own }) => own.map((limit) => ({ limit, whose: id }))),
  ];
  const share = ({ used = 0, most }: ReportLimit): number => used / most;
  const [first] = all.sort((a, b) => share(b.limit) - share(a.limit));
  if (!first || share(first.limit) < NEAR) return [];
  const { name, used = 0, most, unit, by } = first.limit;
  const amount = (value: number) => (unit === "bytes" ? size(value) : unit === "ms" ? `${value} ms` : String(value));
  const percent = `${Math.floor(100 * share(first.limit))}%`;
  const rule = by === "budget" ? "the config's budget" : by;
  return [`nearest limit: ${name} of ${first.whose}, ${amount(used)} of ${amount(most)} (${percent}, ${rule})`];
}

function difference(bytes: number): string {
  return `${bytes < 0 ? "-" : "+"}${size(Math.abs(bytes))}`;
}
