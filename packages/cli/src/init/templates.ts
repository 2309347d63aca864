/**
 * The files of a first app, as texts: they are in the packed package because this module is.
 * @module
 */
import { type Manager, runScript } from "./manager.ts";
import type { PackageJson } from "./package-json.ts";

export interface AppOptions {
  name: string;
  target: string;
  manager: Manager;
  /** Of godwit and @godwit/core, which are released together. */
  version: string;
}

/** What an app needs of its package.json, a new one or one that is there. */
export function packageOf({ name, version, manager }: AppOptions): PackageJson & { name: string } {
  return {
    name,
    scripts: {
      dev: "godwit dev",
      build: "godwit build",
      preview: "godwit preview --build",
      test: "node --test",
      types: "tsc",
    },
    dependencies: { "@godwit/core": `^${version}` },
    devDependencies: { "@types/node": "^24.0.0", godwit: `^${version}`, typescript: "^7.0.0" },
    ...(manager === "npm" && { allowScripts: INSTALL_SCRIPTS }),
  };
}

/** A package.json of its own. Node runs the test's TypeScript as it is from 22.18 on. */
export function newPackage(options: AppOptions): string {
  const { name, ...rest } = packageOf(options);
  return toJson({ name, private: true, type: "module", engines: { node: ">=22.18" }, ...rest });
}

/**
 * Whose install scripts run, where the package manager asks: esbuild's and workerd's put their own programs in place;
 * that of AWS's runtime client would compile what is not needed here, for a minute or, without a compiler, in vain.
 */
const INSTALL_SCRIPTS = { esbuild: true, workerd: true, "aws-lambda-ric": false };

export const ROUTES: Record<string, string> = {
  "routes/index.ts": `import { text } from "@godwit/core";

export function GET() {
  return text("Hello. Try /hello/godwit");
}
`,
  "routes/hello/[name].ts": `import { type Context, json } from "@godwit/core";

export function GET(_request: Request, context: Context<"/hello/[name]">) {
  return json({ hello: context.params.name });
}
`,
};

export const TEST = `import assert from "node:assert/strict";
import { test } from "node:test";
import { loadApp } from "godwit";

test("greets by name", async () => {
  const app = await loadApp(import.meta.dirname);
  const response = await app.fetch(new Request("http://localhost/hello/Ada"));
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { hello: "Ada" });
});
`;

/** \`preserve\`: esbuild bundles the routes, so they are modules whatever package.json says of its type. */
export const TSCONFIG: string = toJson({
  compilerOptions: {
    target: "es2023",
    lib: ["es2024", "dom", "dom.iterable", "dom.asynciterable"],
    module: "preserve",
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ["**/*.ts", "**/*.mts", "**/*.tsx", ".godwit/types.d.ts"],
  exclude: ["node_modules", "dist", ".vercel"],
});

export const GITIGNORE = `node_modules/
dist/
.godwit/
.env.local
.env.*.local
`;

export const PNPM_WORKSPACE: string = ["allowBuilds:", ...Object.entries(INSTALL_SCRIPTS).map(toYaml), ""].join("\n");

function toYaml([name, value]: [string, boolean]): string {
  return `  ${name}: ${value}`;
}

export function configOf(target: string): string {
  return `import { defineConfig } from "godwit";

export default defineConfig({
  target: ${JSON.stringify(target)},
});
`;
}

export function readmeOf({ name, manager, target }: AppOptions): string {
  const rows = [
    ["dev", "serves the app and reloads on save"],
    ["test", "runs app.test.ts"],
    ["build", `writes dist/${target}/`],
    ["preview", "builds, then serves what was built"],
    ["types", "checks the types"],
  ].map(([script = "", what = ""]) => `${runScript(manager, script).padEnd(18)} # ${what}`);
  return `# ${name}

A file in \`routes/\` is a route: \`routes/hello/[name].ts\` answers \`/hello/you\`.

\`\`\`
${rows.join("\n")}
\`\`\`
`;
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
