/**
 * `<root>/.godwit/types.d.ts`: what the app's own files say about `context.env`, its routes and stores, for the editor.
 * @module
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openOwnFolder } from "./own-folder.ts";
import type { ScannedApp } from "./steps.ts";

/** Where the types are written, relative to the app's folder. */
export const TYPES_FILE = ".godwit/types.d.ts";

/**
 * The text of the file. It augments the module that declares `Register`: one that merely re-exports it cannot be.
 *
 * @example typesOf({ env: "env.ts", routes: [{ pattern: "/users/[id]", ... }] })
 */
export function typesOf({ env, routes }: Pick<ScannedApp, "env" | "routes">, stores: readonly string[] = []): string {
  const patterns = routes.map(({ pattern }) => `\n      | ${JSON.stringify(pattern)}`).join("") || " never";
  // a declaration file may name a `.ts` file whatever the app's tsconfig says
  const head = env
    ? `import type env from ${JSON.stringify(`../${env}`)};\n`
    : 'import type {} from "@godwit/core/types";\n';
  const parsed = env ? '    env: ReturnType<(typeof env)["parse"]>;\n' : "";
  const names = [...stores].sort().map((name) => JSON.stringify(name));
  const named = names.length ? `\n    stores: ${names.join(" | ")};` : "";
  return `// Written by godwit whenever it reads the app. Changes are lost; add ".godwit/types.d.ts" to tsconfig's include.
${head}
declare module "@godwit/core/types" {
  interface Register {
${parsed}    routes:${patterns};${named}
  }
}
`;
}

/** Writes the types where they changed. Types help an editor alone: a folder that cannot be written stops no build. */
export function writeTypes(
  app: Pick<ScannedApp, "root" | "env" | "routes">,
  /** Names of the stores in the config. */
  stores?: readonly string[],
): void {
  const file = join(app.root, TYPES_FILE);
  const text = typesOf(app, stores);
  const partial = `${file}.${process.pid}`;
  try {
    if (existsSync(file) && readFileSync(file, "utf8") === text) return;
    openOwnFolder(app.root);
    writeFileSync(partial, text);
    renameSync(partial, file);
  } catch {
    try {
      rmSync(partial, { force: true });
    } catch {
      // the folder is no folder, so nothing was left in it
    }
  }
}
