/**
 * What a module does when it is imported, read from its syntax.
 * @module
 */
import { parseSync } from "oxc-parser";

/**
 * `none`: it declares. `reads`: it computes values from what may have been set up before. `writes`: it has statements
 * that stand there for what they do, such as `globalThis.x = 1` or `register()`. A call that only gives a constant its
 * value counts as reading: schemas and tables are made so everywhere, and in any order.
 */
export type Effect = "none" | "reads" | "writes";

/** The part of an ESTree node that is looked at here. */
interface Node {
  type: string;
  [key: string]: unknown;
}

/** `commonjs` has the specifiers whose modules run when this one does. */
export function findEffect(file: string, text: string, commonjs: ReadonlySet<string>): Effect {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) return "reads";
  const body: readonly unknown[] = program.body;
  const statements = body.filter(isNode);
  const local = namesOf(statements);
  let found: Effect = "none";
  for (const statement of statements) {
    const effect = effectOf(statement, local, commonjs);
    if (effect === "writes") return "writes";
    if (effect === "reads") found = "reads";
  }
  return found;
}

const DECLARES = /^(?:TS\w+|FunctionDeclaration|EmptyStatement|ExportAllDeclaration)$/;

function effectOf(node: Node, local: ReadonlySet<string>, commonjs: ReadonlySet<string>): Effect {
  if (node.type === "ImportDeclaration") {
    const from = isNode(node.source) ? node.source.value : undefined;
    if (typeof from !== "string" || !commonjs.has(from)) return "none";
    return Array.isArray(node.specifiers) && node.specifiers.length > 0 ? "reads" : "writes";
  }
  if (DECLARES.test(node.type)) return "none";
  if (node.type === "ExportNamedDeclaration" || node.type === "ExportDefaultDeclaration") {
    const { declaration } = node;
    if (!isNode(declaration)) return "none";
    return isStatement(declaration) ? effectOf(declaration, local, commonjs) : ofValue(declaration, local);
  }
  if (node.type === "VariableDeclaration" || node.type === "ClassDeclaration") return ofValue(node, local);
  if (node.type === "ExpressionStatement") {
    if (typeof node.directive === "string") return "none";
    return isNode(node.expression) && staysInside(node.expression, local) ? ofValue(node.expression, local) : "writes";
  }
  return "writes";
}

function isStatement({ type }: Node): boolean {
  return type.endsWith("Declaration");
}

const CALLS = /^(?:CallExpression|NewExpression|TaggedTemplateExpression|MemberExpression|ImportExpression)$/;
const LATER =
  /^(?:FunctionExpression|FunctionDeclaration|ArrowFunctionExpression|TS\w*Type\w*|TSInterfaceDeclaration)$/;

/** An expression, functions in it left alone: they run when they are called. */
function ofValue(node: Node, local: ReadonlySet<string>): Effect {
  let found: Effect = "none";
  const visit = (value: unknown): void => {
    if (found === "writes") return;
    if (Array.isArray(value)) for (const each of value) visit(each);
    if (!isNode(value) || LATER.test(value.type)) return;
    const { type } = value;
    if (type === "AwaitExpression" || (type === "UpdateExpression" && !staysInside(value, local))) found = "writes";
    else if (type === "AssignmentExpression" && !staysInside(value, local)) found = "writes";
    else if (isCallOfFunction(value)) found = "writes";
    else if (CALLS.test(type)) found = "reads";
    else if (type === "Identifier" && !local.has(String(value.name)) && value.name !== "undefined") found = "reads";
    if (type === "MethodDefinition" || type === "PropertyDefinition" || type === "Property") {
      if (value.computed === true) visit(value.key);
      const now = type === "Property" || (type === "PropertyDefinition" && value.static === true);
      if (now) visit(value.value);
      return;
    }
    for (const [key, child] of Object.entries(value)) if (key !== "parent" && key !== "type") visit(child);
  };
  visit(node);
  return found;
}

/** `(() => { ... })()`: its statements stand there for what they do. An enum as TypeScript writes it stays inside. */
function isCallOfFunction({ type, callee, arguments: given }: Node): boolean {
  if (type !== "CallExpression" || !isNode(callee)) return false;
  const called = callee.type === "ParenthesizedExpression" ? callee.expression : callee;
  if (!isNode(called) || !/^(?:Arrow)?FunctionExpression$/.test(called.type)) return false;
  const [first] = Array.isArray(given) ? given : [];
  return !(isNode(first) && first.type === "LogicalExpression");
}

/** A change of the module's own values alone: `Shape.sides = 4`, `Object.freeze(Shape)`, an enum. */
function staysInside(node: Node, local: ReadonlySet<string>): boolean {
  const isOwn = (value: unknown): boolean => {
    if (!isNode(value)) return false;
    if (value.type === "Identifier") return local.has(String(value.name));
    return value.type === "MemberExpression" && isOwn(value.object);
  };
  if (node.type === "Literal" || node.type === "Identifier") return true;
  if (node.type === "AssignmentExpression") return isOwn(node.left);
  if (node.type === "UpdateExpression") return isOwn(node.argument);
  if (node.type !== "CallExpression" || !isNode(node.callee)) return false;
  const [first] = Array.isArray(node.arguments) ? node.arguments : [];
  const { callee } = node;
  if (callee.type === "MemberExpression" && isNode(callee.object) && callee.object.name === "Object")
    return isOwn(first);
  const isEnum = isNode(first) && first.type === "LogicalExpression" && isOwn(first.left);
  return isEnum && !/^(?:Identifier|MemberExpression)$/.test(callee.type);
}

/** Names that the module declares itself: a change of an imported value is a change elsewhere. */
function namesOf(statements: readonly Node[]): Set<string> {
  const names = new Set<string>();
  const add = (pattern: unknown): void => {
    if (isNode(pattern) && pattern.type === "Identifier") names.add(String(pattern.name));
  };
  for (const statement of statements) {
    const declared = isNode(statement.declaration) ? statement.declaration : statement;
    add(declared.id);
    for (const each of Array.isArray(declared.declarations) ? declared.declarations : [])
      if (isNode(each)) add(each.id);
  }
  return names;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
