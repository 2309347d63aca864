/**
 * Syntax trees of the app's own files, and errors that point into them.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import { type EcmaScriptModule, type Node, type Program, parseSync } from "oxc-parser";

export interface Syntax {
  /** Relative to the app's folder. */
  file: string;
  text: string;
  /** Made when it is first asked for: that costs more than parsing, and most files are never asked. */
  readonly program: Program;
  /** Names of values; undefined where some come from another file, or the file is CommonJS. */
  readonly exports: readonly string[] | undefined;
}

/** Parses TypeScript or JavaScript, JSX included where the name says so. Throws SOURCE_SYNTAX. */
export function parseSource(file: string, text: string): Syntax {
  const parsed = parseSync(file, text, { sourceType: "module" });
  const error = parsed.errors.find(({ severity }) => severity === "Error");
  if (!error) {
    return {
      file,
      text,
      get program() {
        return parsed.program;
      },
      get exports() {
        return exportsOf(parsed.module);
      },
    };
  }
  const at = error.labels[0]?.start ?? 0;
  const help = error.helpMessage ? ` ${error.helpMessage}` : "";
  throw new GodwitError("SOURCE_SYNTAX", locate({ file, text }, at, `${error.message}.${help}`));
}

function exportsOf({ staticExports, hasModuleSyntax }: EcmaScriptModule): string[] | undefined {
  const entries = staticExports.flatMap((each) => each.entries).filter(({ isType }) => !isType);
  if (!hasModuleSyntax || entries.some(({ moduleRequest }) => moduleRequest)) return undefined;
  return entries.flatMap(({ exportName }) => (exportName.kind === "Default" ? "default" : (exportName.name ?? [])));
}

/** `routes/a.ts:3:9: message` and the line with a mark under the place. */
export function locate({ file, text }: Pick<Syntax, "file" | "text">, at: number, message: string): string {
  const before = text.slice(0, at);
  const start = before.lastIndexOf("\n") + 1;
  const end = text.indexOf("\n", at);
  const line = before.split("\n").length;
  const source = text.slice(start, end < 0 ? text.length : end).replace(/\r$/, "");
  return `${file}:${line}:${at - start + 1}: ${message}\n${printFrame(line, source, at - start)}`;
}

/** Columns are shown, so that a minified line does not fill the screen. */
const WIDEST = 100;

/** A line of code with a mark under one of its characters. */
export function printFrame(line: number, source: string, column: number): string {
  const from = Math.max(0, column - WIDEST / 2);
  const shown = source.slice(from, from + WIDEST).replaceAll("\t", " ");
  const gutter = `  ${line} | `;
  return `${gutter}${shown}\n${" ".repeat(gutter.length - 2)}| ${" ".repeat(column - from)}^`;
}

/** What an export of that name is declared as in this very file; undefined when it is not, or comes from another. */
export function findExport({ program }: Syntax, name: string): Exported | undefined {
  for (const statement of program.body) {
    if (statement.type === "ExportDefaultDeclaration" && name === "default") {
      const { declaration } = statement;
      return declaration.type === "Identifier" ? findConstant(program, declaration.name) : { node: declaration };
    }
    if (statement.type !== "ExportNamedDeclaration" || statement.exportKind === "type") continue;
    const { declaration, specifiers, source } = statement;
    if (declaration?.type === "VariableDeclaration") {
      const found = declarator(declaration, name);
      if (found) return found;
    } else if (declaration && "id" in declaration && declaration.id?.type === "Identifier") {
      if (declaration.id.name === name) return { node: declaration };
    }
    for (const specifier of specifiers) {
      if (specifier.exportKind === "type" || nameOf(specifier.exported) !== name) continue;
      return source ? { node: specifier } : (findConstant(program, nameOf(specifier.local)) ?? { node: specifier });
    }
  }
  return undefined;
}

export interface Exported {
  node: Node;
  /** The value of a `const`. */
  value?: Node;
}

function findConstant(program: Program, name: string): Exported | undefined {
  for (const statement of program.body) {
    const found = statement.type === "VariableDeclaration" ? declarator(statement, name) : undefined;
    if (found) return found;
  }
  return undefined;
}

function declarator(declaration: Extract<Node, { type: "VariableDeclaration" }>, name: string): Exported | undefined {
  for (const { id, init } of declaration.declarations) {
    if (id.type !== "Identifier" || id.name !== name) continue;
    return { node: id, ...(init && declaration.kind === "const" && { value: init }) };
  }
  return undefined;
}

function nameOf(node: { type: string; name?: string; value?: unknown }): string {
  return node.name ?? String(node.value);
}

/** The node inside `as const`, `satisfies X` and parentheses. */
export function unwrap(node: Node): Node {
  let inner = node;
  while (
    inner.type === "TSAsExpression" ||
    inner.type === "TSSatisfiesExpression" ||
    inner.type === "ParenthesizedExpression"
  ) {
    inner = inner.expression;
  }
  return inner;
}
