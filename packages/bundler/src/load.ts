/**
 * User code for this process: config, `env.ts` and whole apps, through esbuild and never through Node's own type
 * stripping; and artefacts that were built before.
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { GodwitError } from "@godwit/core/errors";
import { parseManifest } from "@godwit/core/manifest";
import type { BuildOptions, Plugin } from "esbuild";
import { analyseApp } from "./analyse.ts";
import { finish } from "./bundle-finish.ts";
import { createNamer } from "./bundle-names.ts";
import { runPass } from "./bundle-pass.ts";
import { resolveGodwit } from "./bundle-resolve.ts";
import type { Artefact, FunctionPlan } from "./contracts.ts";
import { mend } from "./emit-stage.ts";
import { appSource } from "./entry.ts";
import { openOwnFolder, whyNotWritten } from "./own-folder.ts";
import { scanApp } from "./scan.ts";
import { chooseStores } from "./stores.ts";
import { writeTypes } from "./types-file.ts";

export interface BundleModuleOptions {
  /** The app's folder. */
  root: string;
  /** Absolute, or relative to the root. */
  file: string;
}

export interface BundleWholeOptions {
  root: string;
  /** Where core is taken from when the app has none: a file URL. Default: this package. */
  adaptersFrom?: string;
  /** Names of the stores in the config; each is in memory. */
  stores?: readonly string[];
}

/**
 * Bundles one module of the app with what it imports from the app, and returns the path of the ES module to import.
 * Packages stay imports. Throws BUNDLE_FAILED, and LOAD_READ_ONLY when `<root>/.godwit/` cannot be written.
 */
export async function bundleModule({ root, file }: BundleModuleOptions): Promise<string> {
  const path = resolve(root, file);
  const define = {
    "import.meta.url": JSON.stringify(pathToFileURL(path).href),
    "import.meta.filename": JSON.stringify(path),
    "import.meta.dirname": JSON.stringify(dirname(path)),
  };
  return bundleTo(resolve(root), basename(path).replace(/\.[^.]+$/, ""), { entryPoints: [path], define });
}

/**
 * Bundles all routes of an app into one ES module whose default export is its App (and `env` its EnvDefinition), and
 * returns its path under `<root>/.godwit/`. Packages stay imports, which resolve as the app's own files would have
 * them. No function is made and no platform is asked, so it is what tests and development run.
 */
export async function bundleWhole(options: BundleWholeOptions): Promise<string> {
  const root = resolve(options.root);
  const scanned = await scanApp(root);
  writeTypes(scanned, options.stores);
  const app = await analyseApp(scanned, { external: [] });
  const whole: FunctionPlan = {
    id: "app",
    role: "handler",
    variant: "",
    routes: app.routes,
    settings: {},
    usesWaitUntil: true,
    reason: "the whole app",
    lazy: true,
  };
  const stores = chooseStores({ stores: Object.fromEntries((options.stores ?? []).map((name) => [name, {}])) });
  const apps = new Map([[whole.id, appSource(whole, app, { stores })]]);
  const entries = new Map([[whole.id, 'export { default, env } from "godwit:app";']]);
  return bundleTo(root, "app", { entryPoints: [{ in: "godwit:entry/app", out: "app" }] }, options, { apps, entries });
}

interface Virtual {
  apps: ReadonlyMap<string, string>;
  entries: ReadonlyMap<string, string>;
}

async function bundleTo(
  root: string,
  name: string,
  settings: BuildOptions,
  { adaptersFrom = import.meta.url }: { adaptersFrom?: string } = {},
  { apps, entries }: Virtual = { apps: new Map(), entries: new Map() },
): Promise<string> {
  const external = new Set<string>();
  const namer = createNamer(root);
  const pass = await runPass(
    {
      ...settings,
      absWorkingDir: root,
      outdir: root,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node22",
      conditions: ["node"],
      mainFields: ["main", "module"],
      keepNames: true,
      sourcemap: "external",
      outExtension: { ".js": ".mjs" },
      plugins: [
        resolveGodwit({ root, adaptersFrom, external, platform: "node", apps, entries, onExternal: () => {} }),
        keepPackages(root),
      ],
    },
    namer,
  );
  const [output] = pass.outputs.values();
  if (!output) throw new TypeError("esbuild gave no output");
  const options = { requireBanner: true, namer, originals: new Map<string, string>() };
  const { code, map } = finish(output, options);
  return store(root, name, code, map);
}

/**
 * A package is an import of its name where Node, asked from `<root>/.godwit/`, finds the same file, and an import of
 * its file otherwise. Linked workspace packages are bundled: they may be TypeScript.
 */
function keepPackages(root: string): Plugin {
  const own = { godwit: "asked" };
  return {
    name: "godwit-packages",
    setup(build) {
      build.onResolve({ filter: /^[^./#]/ }, async ({ path, kind, resolveDir, pluginData }) => {
        // core is the other plugin's: asking it back from inside its own question would wait for ever
        const isOurs = /^(node:|godwit:|@godwit\/(core|adapters)(\/|$))/.test(path);
        if (pluginData === own || kind === "entry-point" || isOurs) return undefined;
        if (path === "godwit" || path.startsWith("godwit/")) return { path, external: true };
        const found = await build.resolve(path, { kind, resolveDir, pluginData: own });
        if (found.errors.length > 0 || found.external || !found.path.includes(`${sep}node_modules${sep}`))
          return undefined;
        const fromRoot = await build.resolve(path, { kind, resolveDir: root, pluginData: own });
        if (fromRoot.path === found.path) return { path, external: true };
        return { path: kind === "require-call" ? found.path : pathToFileURL(found.path).href, external: true };
      });
    },
  };
}

/** Older than this, another process that would import it has long done so. */
const OLD = 3_600_000;

function store(root: string, name: string, code: string, map: string | undefined): string {
  const folder = join(root, ".godwit");
  const hash = createHash("sha256").update(code).digest("hex").slice(0, 12);
  const file = join(folder, `${name}-${hash}.mjs`);
  try {
    openOwnFolder(root);
    for (const other of readdirSync(folder)) {
      const isOld = /^[\w.-]+-[0-9a-f]{12}\.mjs(\.map)?$/.test(other) && other.startsWith(`${name}-`);
      const stats = isOld ? statSync(join(folder, other), { throwIfNoEntry: false }) : undefined;
      if (stats && Date.now() - stats.mtimeMs > OLD) rmSync(join(folder, other), { force: true });
    }
    if (map !== undefined) replace(`${file}.map`, toRelative(map, folder, root));
    replace(file, `${code}//# sourceMappingURL=${basename(file)}.map\n`);
  } catch (cause) {
    throw new GodwitError(
      "LOAD_READ_ONLY",
      `${folder} cannot be written: ${whyNotWritten(cause)}. Let this user write there, or copy the app to where that is so.`,
      { cause },
    );
  }
  return file;
}

/** Two processes may store one file at once: each renames a whole one into place. */
function replace(file: string, contents: string): void {
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, contents);
  renameSync(partial, file);
}

/** Sources are named from the root; the file lies one folder below it. */
function toRelative(map: string, folder: string, root: string): string {
  const parsed = JSON.parse(map) as { sources: string[] }; // written by bundle-finish
  const up = pathToFileURL(join(folder, "..")).href === pathToFileURL(root).href ? "../" : "";
  return JSON.stringify({ ...parsed, sources: parsed.sources.map((source) => `${up}${source}`) });
}

/**
 * Opens `<out>/<target>/`. Throws ARTEFACT_ABSENT where there is none, MANIFEST_INVALID where it was written by another
 * version.
 */
export async function readArtefact(dir: string): Promise<Artefact> {
  const root = resolve(dir);
  if (!existsSync(root)) mend(dirname(root), basename(root));
  const file = join(root, "manifest.json");
  if (!existsSync(file)) {
    throw new GodwitError(
      "ARTEFACT_ABSENT",
      `There is no manifest in ${root}. Run \`godwit build\` first, or add --build.`,
    );
  }
  return { root, manifest: parseManifest(readFileSync(file, "utf8")) };
}
