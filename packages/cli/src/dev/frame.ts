/**
 * The user's own line behind an error, with the lines around it.
 * @module
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const AROUND = 2;

/** A place in a file of the app, as editors open it, and its lines. */
export interface Frame {
  place: string;
  frame: string;
}

/** The first place of a mapped stack that is a file of the app; undefined where there is none. */
export function frameOf(root: string, stack: string): Frame | undefined {
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

/**
 * Of an error whose stack has no place of who is at fault: a handler that gave no Response has returned already, and
 * what the stack names is a middleware that waited for it. Undefined where it is another error; null where it is one,
 * and no handler is found.
 */
export function frameOfMissing(
  root: string,
  text: string,
  fileOf: (pattern: string) => string | undefined,
): Frame | null | undefined {
  const [, method, pattern = ""] = /No Response: (\S+) (.+?)\.(?=["\n]|$)/.exec(text) ?? [];
  if (method === undefined) return undefined;
  const file = fileOf(pattern);
  if (file === undefined) return null;
  try {
    const source = readFileSync(resolve(root, file), "utf8");
    const names = [method, ...(method === "HEAD" ? ["GET"] : []), "default"];
    const at = names.map((name) => exportOf(name, source)).find((index) => index >= 0);
    if (at === undefined) return null;
    const before = source.slice(0, at).split("\n");
    const column = (before.at(-1)?.length ?? 0) + 1;
    return { place: `${file}:${before.length}:${column}`, frame: printLines(source, before.length, column) };
  } catch {
    return null; // gone by now
  }
}

/** Where a module's source exports that name, or -1. */
function exportOf(name: string, source: string): number {
  if (name === "default") return source.search(/^export\s+default\b/m);
  if (!/^\w+$/.test(name)) return -1;
  const own = source.search(
    new RegExp(`^export\\s+(?:async\\s+)?(?:function\\s*\\*?|const|let|var)\\s+${name}\\b`, "m"),
  );
  return own >= 0 ? own : source.search(new RegExp(`^export\\s*\\{[^}]*\\b${name}\\b`, "m"));
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
