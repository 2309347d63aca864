/**
 * Values that stand in a syntax tree as literals. User code is never run to read them.
 * @module
 */
import type { Node } from "oxc-parser";
import { unwrap } from "./syntax.ts";

export type Literal = string | number | boolean | null | undefined | Literal[] | { [name: string]: Literal };

/** Thrown inside this module's callers: what is not a literal, and where. */
export class NotLiteral extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** The value of a literal. Throws NotLiteral for anything that would have to be run. */
export function readLiteral(given: Node): Literal {
  const node = unwrap(given);
  if (node.type === "Literal") {
    const { value } = node;
    if (value === null && node.raw !== "null") throw new NotLiteral(node.start, `${node.raw} is not plain data`);
    if (typeof value !== "object" && typeof value !== "bigint") return value;
    if (value === null) return null;
  }
  if (node.type === "TemplateLiteral" && node.expressions.length === 0) return node.quasis[0]?.value.cooked ?? "";
  if (node.type === "Identifier" && node.name === "undefined") return undefined;
  if (node.type === "UnaryExpression" && node.operator === "-") {
    const value = readLiteral(node.argument);
    if (typeof value === "number") return -value;
  }
  if (node.type === "ArrayExpression") {
    return node.elements.map((element) => {
      if (element && element.type !== "SpreadElement") return readLiteral(element);
      throw new NotLiteral(element?.start ?? node.start, "an array here has no spread and no holes");
    });
  }
  if (node.type === "ObjectExpression") {
    return Object.fromEntries(readProperties(node).map(({ name, value }) => [name, readLiteral(value)]));
  }
  throw new NotLiteral(node.start, "it would have to be run");
}

export interface LiteralProperty {
  name: string;
  value: Node;
  at: number;
}

/** The properties of an object literal whose names are plain. Throws NotLiteral. */
export function readProperties(node: Extract<Node, { type: "ObjectExpression" }>): LiteralProperty[] {
  return node.properties.map((property) => {
    if (property.type === "SpreadElement") throw new NotLiteral(property.start, "a spread would have to be run");
    const { key, computed } = property;
    const name =
      key.type === "Identifier" && !computed ? key.name : key.type === "Literal" ? String(key.value) : undefined;
    if (name === undefined) throw new NotLiteral(property.start, "a computed name would have to be run");
    return { name, value: property.value, at: property.start };
  });
}
