/**
 * The user's own line in a stack, with the lines around it.
 * @module
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const AROUND = 2;

/** The first place of a mapped stack that is a file of the app; undefined where there is none. */
export function frameOf(root: string, stack: string): { place: string; frame: string } | undefined {
  for (const [, shown = "", line = "", column = ""] of stack.matchAll(/([^\s()"'\\]+\.[cm]?[jt]sx?):(\d+):(\d+)/g)) {
    if (shown.includes("node_modules") || shown.startsWith("node:")) continue;
    const path = shown.startsWith("file:") ? fileURLToPath(shown) : resolve(root, shown);
    if (!path.startsWith(root) || path.includes(".godwit")) continue;
    try {
      const frame = printLines(readFileSync(path, "utf8"), Number(line), Number(column));
      return { place: `${path.slice(root.length + 1)}:${line}:${column}`, frame };
    } catch {
      // not there any more: the next place may be
    }
  }
  return undefined;
}

function printLines(source: string, line: number, column: number): string {
  const lines = source.split(/\r?\n/);
  const from = Math.max(1, line - AROUND);
  const to = Math.min(lines.length, line + AROUND);
  const width = String(to).length;
  const shown: string[] = [];
  for (let at = from; at <= to; at++) {
    const text = lines[at - 1] ?? "";
    shown.push(`${at === line ? ">" : " "} ${String(at).padStart(width)} | ${text}`);
    if (at !== line) continue;
    const before = text.slice(0, column - 1).replace(/[^\t]/g, " "); // tabs stay as wide as they are
    shown.push(`  ${" ".repeat(width)} | ${before}^`);
  }
  return shown.join("\n");
}
