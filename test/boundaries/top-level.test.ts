import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseSync } from "oxc-parser";
import { reach, root, sources } from "./sources.ts";

/** Calls at the top of a module that cost nothing and touch nothing, each with its reason. */
const HARMLESS: Record<string, string> = {
  "Symbol.for": "names a symbol in the registry of the process",
};

interface SyntaxNode {
  type: string;
  start: number;
  end: number;
}

/** Work below a node that is done when its module is evaluated. */
const WORK = new Set([
  "NewExpression",
  "CallExpression",
  "TaggedTemplateExpression",
  "AwaitExpression",
  "AssignmentExpression",
  "UpdateExpression",
  "ImportExpression",
]);
/** What is inside runs later, if ever. A class body is looked into: its static members and computed keys run at once. */
const LATER = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

/** The source of everything that a module does when it is loaded, beyond declaring. */
function workOf(path: string, text: string): string[] {
  const found: string[] = [];
  const visit = (node: SyntaxNode): void => {
    if (LATER.has(node.type) || (node.type.startsWith("TS") && !node.type.endsWith("Expression"))) return;
    // The fields of an instance are made with it; those of the class itself are made at once.
    if (node.type === "PropertyDefinition" && !("static" in node && node.static)) return;
    if (WORK.has(node.type)) {
      const source = text.slice(node.start, node.end);
      const callee = source.slice(0, source.indexOf("("));
      if (node.type !== "CallExpression" || !Object.hasOwn(HARMLESS, callee)) found.push(source);
      return;
    }
    for (const value of Object.values(node)) for (const child of [value].flat()) if (isNode(child)) visit(child);
  };
  const { program } = parseSync(path, text);
  for (const statement of program.body) {
    // `/* @__PURE__ */` and expression statements alike: a statement that is no declaration is work by itself.
    if (statement.type === "ExpressionStatement") found.push(text.slice(statement.start, statement.end));
    else visit(statement);
  }
  return found;
}

const runtime = new Set<string>();
for (const { path } of sources()) if (path.startsWith("packages/core/src/")) runtime.add(path);
for (const entry of readdirSync(join(root, "packages/adapters/src"), { withFileTypes: true })) {
  if (!entry.isDirectory() || entry.name.startsWith("_")) continue;
  for (const path of reach(`packages/adapters/src/${entry.name}/index.ts`)) runtime.add(path);
}

test("a runtime module does no work when it is loaded: a cold start pays for what a request needs", () => {
  const guilty = sources()
    .filter(({ path }) => runtime.has(path))
    .flatMap(({ path, text }) => workOf(path, text).map((work) => `${path}: ${work.split("\n", 1)[0]}`));
  assert.deepEqual(guilty, []);
});

test("runtime code reaches Request, Response and Headers as bare names, so that a build can put others in their place", () => {
  const guilty = sources()
    .filter(({ path }) => runtime.has(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\b(?:globalThis|self|window|global)\.(?:Request|Response|Headers)\b/g)].map(
        ([name]) => `${path}: ${name}`,
      ),
    )
    // The Node adapter's lazy requests and light responses take the places of the platform's own, by those names.
    .filter(
      (each) => !/_http\/(?:request\.ts: globalThis\.Request|light-response\.ts: globalThis\.Response)$/.test(each),
    );
  assert.deepEqual(guilty, []);
});

test("runtime code writes no global but the three that the Node adapter's light classes need", () => {
  const writes =
    /\b(?:globalThis|self|window|global)(?:\.(\w+)|\[[^\]]+\])\s*(?:[?|&]{2})?=(?!=)|Object\.define\w+\(globalThis/g;
  const guilty = sources()
    .filter(({ path }) => runtime.has(path))
    .flatMap(({ path, text }) => [...text.matchAll(writes)].map(([, name]) => `${path}: ${name}`));
  assert.deepEqual(guilty, [
    "packages/adapters/src/_http/light-response.ts: Response",
    "packages/adapters/src/_http/request.ts: Request",
    "packages/adapters/src/_http/request.ts: fetch",
  ]);
});

test("the check sees what it is there for", () => {
  const lines = [
    "const a = new Map();",
    "export const b = f();",
    "c.d = 1;",
    "class E { static f = g(); }",
    "const h = new Set() as X;",
  ];
  for (const line of lines) assert.equal(workOf("x.ts", line).length, 1, line);
  const free = [
    "const a = () => new Map();",
    "class B { c = new Map(); }",
    'const d = Symbol.for("d");',
    "const e = /x/;",
  ];
  for (const line of free) assert.deepEqual(workOf("x.ts", line), []);
});
