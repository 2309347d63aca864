/**
 * How the CLI speaks: words for people on the terminal, one JSON value for machines under `--json`.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import colors from "picocolors";

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
  const known = error instanceof GodwitError;
  const code = known ? error.code : "UNEXPECTED";
  const message = error instanceof Error ? error.message : String(error);
  if (json) {
    printJson({ error: { code, message } });
    return;
  }
  note(`${colors.red("error")} ${colors.bold(code)} ${message}`);
  if (!known && error instanceof Error) note(colors.dim(error.stack ?? ""));
}

/** 1234567 -> `1.2 MB`, in powers of 1000 as platforms print sizes. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Columns as wide as their widest cell, two spaces between them; numbers to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const widths = head.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) =>
        right.includes(index) ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [colors.dim(line(head)), ...rows.map(line)].join("\n");
}
