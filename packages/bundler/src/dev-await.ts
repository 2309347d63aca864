/**
 * Top-level await in modules that become functions: CommonJS has none, so esbuild is shown a call in its place, which
 * becomes an await again inside an async function.
 * @module
 */
import { type Node, parseSync } from "oxc-parser";

/** The callee of that call. Nobody writes such a letter by hand. */
const AWAIT = "\u1d00wait";

interface Edit {
  start: number;
  end: number;
  text: string;
}

/** The source with calls; undefined where it awaits in a way that is no expression: `for await`, `await using`. */
export function maskAwaits(file: string, source: string): string | undefined {
  const edits: Edit[] = [];
  for (const node of topLevel(parseSync(file, source, { sourceType: "module" }).program)) {
    if (node.type === "ForOfStatement" && node.await) return undefined;
    if (node.type === "VariableDeclaration" && node.kind === "await using") return undefined;
    if (node.type !== "AwaitExpression") continue;
    edits.push({ start: node.start, end: node.start + "await".length, text: `${AWAIT}(` });
    edits.push({ start: node.end, end: node.end, text: ")" });
  }
  return edits.length > 0 ? apply(source, edits) : undefined;
}

/** What esbuild made of it, with awaits: the body of an async function. */
export function unmaskAwaits(code: string): string {
  const edits: Edit[] = [];
  for (const node of topLevel(parseSync("module.js", code, { sourceType: "script" }).program)) {
    if (node.type !== "CallExpression" || node.callee.type !== "Identifier" || node.callee.name !== AWAIT) continue;
    edits.push({ start: node.start, end: node.callee.end, text: "(await " });
    edits.push({ start: node.end, end: node.end, text: ")" });
  }
  return apply(code, edits);
}

/** All nodes that run with the module itself. */
function* topLevel(node: Node): Generator<Node> {
  if (/Function/.test(node.type)) return;
  yield node;
  for (const child of Object.values(node).flat()) if (isNode(child)) yield* topLevel(child);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

function apply(text: string, edits: readonly Edit[]): string {
  let edited = "";
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    edited += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return edited + text.slice(at);
}
