/**
 * Generated modules become code without esbuild: what `appSource` writes is known, and asking costs more than the rest
 * of an answer.
 * @module
 */
import { join } from "node:path";
import type { Compiled, CompileOptions } from "./dev-compile.ts";
import { knownKey, MARK, realPath } from "./dev-compile.ts";

const IMPORT = /^import (\w+|\{[^}]*\}) from "([^"]+)";$/gm;

/** Undefined where a specifier has not been resolved before: esbuild has to. */
export function compileGenerated(source: string, options: CompileOptions): Compiled | undefined {
  const externals = new Set<string>();
  let isKnown = true;
  const code = source.replace(IMPORT, (_line, names: string, specifier: string) => {
    const path = specifier.startsWith("./")
      ? `${MARK}${options.markOf(realPath(join(options.root, specifier)))}`
      : options.known.get(knownKey(options.format, "import-statement", specifier));
    if (path === undefined) isKnown = false;
    else if (!path.startsWith(MARK)) externals.add(path);
    const quoted = JSON.stringify(path ?? specifier);
    if (options.format === "import") return `import ${names} from ${quoted};`;
    return `const ${names.startsWith("{") ? names.replaceAll(" as ", ": ") : `{ default: ${names} }`} = require(${quoted});`;
  });
  if (!isKnown) return undefined;
  const text = options.format === "import" ? code : toCommonJs(code);
  return { code: text, isEsm: true, isCommonJs: false, externals: [...externals], inlined: [] };
}

/** The exports that `appSource` writes, each at the start of a line. */
function toCommonJs(code: string): string {
  return code
    .replace(/^export default /gm, "exports.default = ")
    .replace(/^export const (\w+) = /gm, "exports.$1 = ")
    .replace(/^export \{ (\w+) \};$/gm, "exports.$1 = $1;");
}
