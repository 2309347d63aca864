/**
 * Contestants are folders: the apps `hello`, `table` and `full`, and a file for each host that it knows: `worker`
 * (fetch), `lambda`, `node`. One that lacks a file does not take part where that is measured.
 * @module
 */
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { builtinModules, createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Target } from "../../packages/bundler/src/contracts.ts";
import { build } from "../../packages/bundler/src/index.ts";

export type App = "hello" | "table" | "full";
export type Host = "worker" | "lambda" | "node";

const bench = fileURLToPath(new URL("..", import.meta.url));
const packages = join(bench, "../packages");
const all = join(bench, "contestants");
const adaptersFrom = pathToFileURL(join(packages, "cli/package.json")).href;

/** Ours; its apps are folders of routes, and its hosts are targets. */
export const GODWIT = "godwit";

/** Those that have the app and the host, by name. */
export function findContestants(app: App, host: Host): string[] {
  const names = readdirSync(all).filter((name) => !name.startsWith("_") && has(name, app, host));
  return names.sort();
}

const has = (name: string, app: App, host: Host): boolean =>
  name === GODWIT || (existsSync(join(all, name, `${app}.js`)) && existsSync(join(all, name, `${host}.js`)));

/** A folder for what one run makes, with a function that removes it. */
export function openTemporary(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "godwit-bench-"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** An ES module whose default export is a fetch app; packages stay imports, as in a process of one's own. */
export async function prepareFetch(name: string, app: App, folder: string): Promise<string> {
  if (name === GODWIT) {
    // What a build ships: `loadApp`'s bundle keeps names for stack traces, at a price for each request.
    const entry = () => 'export { default } from "godwit:app";';
    return join(await buildGodwit(app, "node", join(folder, "fetch"), { entry }), "server.mjs");
  }
  return writeStub(name, app, "worker", folder, "export default host(app);");
}

/** A program that listens on `PORT`. */
export async function prepareServer(name: string, app: App, folder: string): Promise<string> {
  if (name === GODWIT) return join(await buildGodwit(app, "node", folder), "server.mjs");
  return writeStub(name, app, "node", folder, "host(app, Number(process.env.PORT), module);");
}

/** The files of a minified bundle as it would be deployed, the entry first. */
export async function prepareBundle(
  name: string,
  app: App,
  host: "worker" | "lambda",
  folder: string,
): Promise<string[]> {
  if (name === GODWIT) {
    const out = await buildGodwit(app, host === "lambda" ? "lambda" : "cloudflare", folder);
    const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")) as {
      functions: { entry: string; routes: { pattern: string }[]; files: { path: string }[] }[]; // the build's own file
    };
    const fn = manifest.functions.find(({ routes }) => routes.some(({ pattern }) => pattern === PATTERNS[app]));
    if (!fn) throw new Error(`No function has ${PATTERNS[app]}.`);
    const files = [fn.entry, ...fn.files.map(({ path }) => path).filter((path) => path !== fn.entry)];
    return files.filter((path) => /\.[cm]?js$/.test(path)).map((path) => join(out, path));
  }
  const exported = host === "lambda" ? "export const handler = host(app);" : "export default host(app);";
  const entry = writeStub(name, app, host, folder, exported);
  const outfile = join(folder, name, `${app}-${host}`, "index.mjs");
  const settings = {
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    platform: host === "lambda" ? "node" : "browser",
    conditions: host === "lambda" ? ["module"] : ["workerd", "worker", "module"],
    target: "es2024",
    mainFields: ["module", "main"],
    external: ["node:*", "cloudflare:*", ...(host === "worker" ? builtinModules : [])],
    legalComments: "none",
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"' },
  };
  await esbuild().build(settings);
  // CommonJS that asks for built-ins needs a `require` in an ES module; the others are not to pay for it
  if (host === "lambda" && readFileSync(outfile, "utf8").includes("Dynamic require of")) {
    await esbuild().build({ ...settings, banner: { js: REQUIRE } });
  }
  return [outfile];
}

const REQUIRE = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

const PATTERNS: Record<App, string> = { hello: "/", table: "/", full: "/items" };

async function buildGodwit(
  app: App,
  name: "node" | "lambda" | "cloudflare",
  folder: string,
  changes: Partial<Target> = {},
): Promise<string> {
  const out = join(folder, GODWIT, app);
  const { target } = await import(pathToFileURL(join(packages, `adapters/src/${name}/target.ts`)).href);
  const checked = await target.config["~standard"].validate({});
  const root = join(all, GODWIT, app);
  await build({ root, app, target: { ...target, ...changes }, targetConfig: checked.value, adaptersFrom, out });
  return join(out, name);
}

function writeStub(name: string, app: App, host: Host, folder: string, last: string): string {
  const from = (file: string) => JSON.stringify(join(all, name, `${file}.js`));
  const place = join(folder, name, `${app}-${host}.js`);
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(
    place,
    `import { host } from ${from(host)};\nimport app${host === "node" ? ", * as module" : ""} from ${from(app)};\n${last}\n`,
  );
  return place;
}

interface Esbuild {
  build(options: Record<string, unknown>): Promise<unknown>;
}

/** The one that Godwit builds with. */
export function esbuild(): Esbuild {
  return createRequire(join(packages, "bundler/package.json"))("esbuild") as Esbuild; // as its types have it
}

/** Whether the peers are installed: they are no part of the workspace. */
export function isInstalled(): boolean {
  return globSync("node_modules/hono/package.json", { cwd: bench }).length > 0;
}
