import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";

const folder = new URL("../../packages/adapters/src/", import.meta.url);
const file = new URL("registry.gen.ts", folder);

/** The registry is what the folders are; nobody edits it. Written anew with: UPDATE=1 node --test test/boundaries/registry.test.ts */
function render(): string {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"))
    .map((entry) => entry.name)
    .sort();
  const lines = (line: (name: string) => string) => names.map((name) => `  ${line(name)}\n`).join("");
  return `/**
 * Generated from the folders beside this file. Do not edit: a test says how to write it anew.
 * @module
 */
import type { ConfigOf, EmulatorModule, Target } from "@godwit/bundler/contracts";
${names.map((name) => `import type { target as ${name} } from "./${name}/target.ts";\n`).join("")}
export interface Platform {
  target(): Promise<{ target: Target }>;
  emulate(): Promise<EmulatorModule>;
}

/** The slice of \`godwit.config.ts\` that each target takes. */
export interface TargetConfigs {
${lines((name) => `${name}: Partial<ConfigOf<typeof ${name}>>;`)}}

export const platforms: Record<keyof TargetConfigs, Platform> = {
${lines((name) => `${name}: { target: () => import("./${name}/target.ts"), emulate: () => import("./${name}/emulate.ts") },`)}};
`;
}

test("the registry of platforms is what the folders of adapters are", () => {
  if (process.env.UPDATE) writeFileSync(file, render());
  assert.equal(readFileSync(file, "utf8"), render());
});
