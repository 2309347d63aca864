/**
 * The files of the agent and the supervisor as a host's Node takes them: JavaScript, whether this package lies here as
 * its sources or as it is published.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { join } from "node:path";
import { hashOf } from "../../engine/names.ts";

/** Name -> text, with `.mjs` names. */
export function readScripts(folder: "agent" | "supervisor"): Record<string, string> {
  const from = join(import.meta.dirname, folder);
  const scripts: Record<string, string> = {};
  for (const name of readdirSync(from).sort()) {
    const [, base, kind] = /^([\w-]+)\.(ts|js)$/.exec(name) ?? [];
    if (base === undefined || kind === undefined) continue;
    const text = readFileSync(join(from, name), "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, "");
    const plain = kind === "ts" ? strip(text) : text;
    scripts[`${base}.mjs`] = plain.replace(/(from ")(\.\.?\/[\w./-]+)\.(?:ts|js)"/g, '$1$2.mjs"');
  }
  return scripts;
}

export function versionOf(scripts: Record<string, string>): string {
  return hashOf(scripts).slice(0, 16);
}

/** The agent as one URL: each file that it imports is a URL in it. */
export function toDataUrl(scripts: Record<string, string>, name = "agent.mjs"): string {
  const text = (scripts[name] ?? "").replace(/from "\.\/([\w-]+\.mjs)"/g, (_, other: string) => {
    return `from "${toDataUrl(scripts, other)}"`;
  });
  return `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`;
}

function strip(text: string): string {
  // Node says once in each process that this is experimental; here it only ever reads our own sources.
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return nodeModule.stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emitWarning;
  }
}
