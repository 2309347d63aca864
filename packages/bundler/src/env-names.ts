/**
 * The names that `env.ts` declares, without running it.
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import type { Node } from "oxc-parser";
import { NotLiteral, readLiteral, readProperties } from "./config-literal.ts";
import { findExport, locate, parseSource, type Syntax, unwrap } from "./syntax.ts";

export interface EnvNames {
  /** Those that are no secrets, sorted. */
  vars: string[];
  secrets: string[];
}

/** Reads `export default defineEnv({ vars: { NAME: schema }, secrets: ["NAME"] })`. Throws ENV_NOT_LITERAL. */
export function readEnvNames(syntax: Syntax): EnvNames {
  const exported = findExport(syntax, "default");
  const call = exported && unwrap(exported.value ?? exported.node);
  const spec = call?.type === "CallExpression" && call.arguments[0] && unwrap(call.arguments[0]);
  if (!call || !spec || spec.type !== "ObjectExpression") {
    throw notLiteral(syntax, call?.start ?? 0, "there is no such call");
  }
  try {
    const parts = new Map(readProperties(spec).map(({ name, value }) => [name, unwrap(value)]));
    const secrets = readNames(parts.get("secrets"));
    const vars = parts.get("vars");
    if (vars && vars.type !== "ObjectExpression") throw new NotLiteral(vars.start, "vars is no object literal");
    const names = vars ? readProperties(vars).map(({ name }) => name) : [];
    return { vars: names.filter((name) => !secrets.includes(name)).sort(), secrets: [...new Set(secrets)].sort() };
  } catch (error) {
    if (error instanceof NotLiteral) throw notLiteral(syntax, error.at, error.message);
    throw error;
  }
}

/** In development: none where the file cannot be read so, since the app that loads it says what is wrong with it. */
export async function findEnvNames(root: string, file: string | undefined): Promise<EnvNames> {
  try {
    if (file) return readEnvNames(parseSource(file, await readFile(join(root, file), "utf8")));
  } catch {
    // As above.
  }
  return { vars: [], secrets: [] };
}

function readNames(node: Node | undefined): string[] {
  if (!node) return [];
  const names = readLiteral(node);
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names.map(String);
  throw new NotLiteral(node.start, "secrets is no array of strings");
}

function notLiteral(syntax: Syntax, at: number, why: string): GodwitError {
  const message = `the build reads the names of variables without running the file, so write \`export default defineEnv({ vars: { NAME: schema }, secrets: ["NAME"] })\` with plain names: ${why}.`;
  return new GodwitError("ENV_NOT_LITERAL", locate(syntax, at, message));
}
