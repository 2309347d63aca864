/**
 * What a table leaves: text for the terminal, and `results/<table>.json` and `.md` with the machine and the versions.
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import type { Column, Row } from "./rounds.ts";

export interface Table {
  name: string;
  /** What was measured and how, in a sentence or two. */
  about: string;
  base: string;
  rounds: number;
  /** With the last one of the means, where there is one. */
  columns: readonly Column[];
  rows: Row[];
  /** Who did not take part, and why. */
  skipped?: Record<string, string>;
}

export interface Machine {
  system: string;
  cpu: string;
  cores: number;
  memoryGB: number;
  node: string;
}

const folder = new URL("..", import.meta.url).pathname;

export function readMachine(): Machine {
  const all = cpus();
  return {
    system: `${type()} ${release()}`,
    cpu: all[0]?.model ?? "unknown",
    cores: all.length,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
  };
}

/** The pinned version of each package that a contestant may be made of. */
function readVersions(): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    dependencies: Record<string, string>; // our own file
  };
  return Object.fromEntries(Object.entries(dependencies).filter(([, version]) => !version.startsWith("link:")));
}

/** Markdown: a row a contestant, the related figure with its spread in each cell. */
export function printTable({ about, base, rounds, columns, rows, skipped = {} }: Table): string {
  const head = ["", ...columns.map(({ name, unit, relation }) => `${name}${relation === "ratio" ? "" : `, ${unit}`}`)];
  const lines = rows.map(({ contestant, cells }) => [
    contestant,
    ...columns.map((_, at) => {
      const related = cells[at]?.related;
      if (!related) return "–";
      const middle = show(related.median);
      return rounds > 1 ? `${middle} (${show(related.p10)}..${show(related.p90)})` : middle;
    }),
  ]);
  const notes = Object.entries(skipped).map(([who, why]) => `- not here: ${who}, ${why}`);
  const relations = new Set(columns.map(({ relation }) => relation));
  const told = [
    relations.has("ratio") ? `ratios to ${base}` : "",
    relations.has("over") ? `figures over ${base}'s` : "",
  ].filter(Boolean);
  const how = `${[...told, `${rounds} round${rounds > 1 ? "s" : ""}`].join(", ")}; median${rounds > 1 ? " (p10..p90)" : ""}.`;
  const rule = head.map((_, at) => (at === 0 ? "---" : "---:"));
  const grid = [head, rule, ...lines].map((line) => `| ${line.join(" | ")} |`).join("\n");
  return `${about}\n\n${how[0]?.toUpperCase()}${how.slice(1)}\n\n${grid}\n${notes.length ? `\n${notes.join("\n")}\n` : ""}`;
}

function show(figure: number): string {
  if (Math.abs(figure) >= 1000) return Math.round(figure).toString();
  return figure.toFixed(Math.abs(figure) >= 100 ? 0 : Math.abs(figure) >= 10 ? 1 : 2);
}

/** Writes both files into `into`. Default: `bench/results`. */
export function writeResult(table: Table, into: string = join(folder, "results")): void {
  const machine = readMachine();
  const date = new Date().toISOString().slice(0, 10);
  const versions = readVersions();
  mkdirSync(into, { recursive: true });
  writeFileSync(
    join(into, `${table.name}.json`),
    `${JSON.stringify({ date, machine, versions, ...table }, (_, value) => (typeof value === "number" ? Number(value.toPrecision(6)) : value), 2)}\n`,
  );
  const place = `${date}, ${machine.cores} x ${machine.cpu}, ${machine.memoryGB} GB, ${machine.system}, Node ${machine.node}`;
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  writeFileSync(
    join(into, `${table.name}.md`),
    `# ${table.name}\n\n${printTable(table)}\n${place}\n\n${list.join(", ")}\n`,
  );
}
