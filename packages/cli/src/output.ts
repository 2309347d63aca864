/**
 * How the CLI speaks: words for people on the terminal, one JSON value for machines under `--json`.
 * @module
 */
import { relative, sep } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import colors from "./colors.ts";

/** Writes a line to standard output. */
export function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** Writes the one JSON value of a command under `--json`. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Progress goes to standard error, so that what is piped stays clean. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** An error as a code, a sentence and the way out. An unexpected one keeps its stack. */
export function printError(error: unknown, json: boolean): void {
  const { code, message } = toFailure(error);
  if (json) {
    printJson({ error: { code, message } });
    return;
  }
  note(`${colors.red("error")} ${colors.bold(code)} ${message}`);
  if (!(error instanceof GodwitError) && error instanceof Error) note(colors.dim(error.stack ?? ""));
}

/** An error as the two words that programs read of it. */
export function toFailure(error: unknown): { code: string; message: string } {
  const code = error instanceof GodwitError ? error.code : "UNEXPECTED";
  return { code, message: error instanceof Error ? error.message : String(error) };
}

/** 1234567 -> `1.2 MB`, in powers of 1000 as platforms print sizes. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A path as somebody in this folder would type it. */
export function showPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith(`..${sep}..${sep}`) ? path : short || ".";
}

/** An address that a browser takes: the one that stands for all addresses is not. */
export function showUrl(url: URL): string {
  const shown = new URL(url);
  if (["0.0.0.0", "[::]"].includes(shown.hostname)) shown.hostname = "localhost";
  return shown.href;
}

let isShown = false;

/** What long work is at, on one line that the next one replaces; nothing where nobody watches. Empty ends it. */
export function progress(line: string): void {
  if (!process.stderr.isTTY || (line === "" && !isShown)) return;
  isShown = line !== "";
  process.stderr.write(`\r\x1b[K${line && colors.dim(line)}`);
}

/** Narrower than this, a wrapped last column is no help. */
const LEAST = 24;
/** Of a terminal that does not say its own. */
const WIDTH = 120;

/**
 * Columns as wide as their widest cell, two spaces between them; those of `right` to the right. The last column is
 * wrapped at the terminal's width.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const widths = head.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const last = head.length - 1;
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + 2, 0);
  const room = Math.max(LEAST, (process.stdout.columns ?? WIDTH) - before);
  const line = (cells: readonly string[]) => {
    const [first = "", ...more] = wrap(cells[last] ?? "", room);
    const start = cells
      .slice(0, last)
      .map(
        (cell, index) =>
          `${right.includes(index) ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)}  `,
      );
    const end = right.includes(last) ? first.padStart(widths[last] ?? 0) : first;
    return [`${start.join("")}${end}`.trimEnd(), ...more.map((part) => " ".repeat(before) + part)].join("\n");
  };
  return [colors.dim(line(head)), ...rows.map(line)].join("\n");
}

/** Lines of at most `room` characters, broken at spaces; a longer word keeps a line of its own. */
function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= room) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
