/**
 * The source of `godwit:app` in development: the swapping app with the address that it asks.
 * @module
 */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { DevRuntime } from "./contracts.ts";

/**
 * `runtime` is the variant's `dev`; without one, modules are imported as files. `secure`: whoever stands before the
 * platform speaks HTTPS.
 */
export function swapSource(url: string, runtime?: DevRuntime, secure = false): string {
  const [make, file] = runtime ? ["createEvaluator", "dev-swap-evaluate"] : ["createImporter", "dev-swap-import"];
  const address = JSON.stringify(url);
  const members = runtime && [
    `url: ${address}`,
    `evaluate: ${runtime.evaluate}`,
    `load: ${runtime.load}`,
    ...(runtime.binding === undefined ? [] : [`binding: ${JSON.stringify(runtime.binding)}`]),
  ];
  return [
    `import { createSwap } from ${JSON.stringify(fileOf("dev-swap"))};`,
    `import { ${make} } from ${JSON.stringify(fileOf(file ?? ""))};`,
    // Each app that is swapped in parses its own.
    "export const env = undefined;",
    `export default createSwap(${make}(${members ? `{ ${members.join(", ")} }` : address})${secure ? ", true" : ""});`,
    "",
  ].join("\n");
}

/** A file beside this one, in the form that it was published in. */
function fileOf(name: string): string {
  return fileURLToPath(new URL(`./${name}${extname(import.meta.url)}`, import.meta.url));
}
