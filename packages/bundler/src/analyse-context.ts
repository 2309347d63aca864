/**
 * `Context<"/users/[id]">` in a route file must be the pattern of that file.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import { Visitor } from "oxc-parser";
import { locate, type Syntax } from "./syntax.ts";

/** Throws CONTEXT_STALE for a pattern that the file once had. */
export function checkContext(syntax: Syntax, pattern: string): void {
  if (!syntax.text.includes("Context")) return;
  const names = contextNames(syntax);
  if (names.size === 0) return;
  const visitor = new Visitor({
    TSTypeReference({ typeName, typeArguments }) {
      const [first] = typeArguments?.params ?? [];
      if (typeName.type !== "Identifier" || !names.has(typeName.name) || first?.type !== "TSLiteralType") return;
      const { literal } = first;
      if (literal.type !== "Literal" || literal.value === pattern) return;
      const message = `Context<${literal.raw}> is not the pattern of this file. Write Context<${JSON.stringify(pattern)}>.`;
      throw new GodwitError("CONTEXT_STALE", locate(syntax, first.start, message));
    },
  });
  visitor.visit(syntax.program);
}

/** What this file calls core's Context. */
function contextNames({ program }: Syntax): Set<string> {
  const names = new Set<string>();
  for (const statement of program.body) {
    if (statement.type !== "ImportDeclaration" || !/^@godwit\/core(?:\/types)?$/.test(statement.source.value)) continue;
    for (const specifier of statement.specifiers) {
      if (specifier.type !== "ImportSpecifier") continue;
      const { imported, local } = specifier;
      if (imported.type === "Identifier" && imported.name === "Context") names.add(local.name);
    }
  }
  return names;
}
