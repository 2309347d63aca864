/**
 * Builds small apps for the tests of this folder: by esbuild with this target's own settings and entry, laid out by its
 * own `emit` in a temporary folder.
 * @module
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Artefact, AssetFile, BuiltFunction, FunctionPlan, RouteConfig } from "@godwit/bundler/contracts";
import { parsePattern } from "@godwit/core/pattern";
import { type NodeConfig, nodeConfig } from "./config.ts";
import { target } from "./target.ts";

export interface AppFixture {
  /** Pattern -> the source of the route's file, and its config. */
  routes: Record<string, { source?: string; config?: RouteConfig }>;
  /** `/hello.txt` -> its bytes. */
  assets?: Record<string, string | Uint8Array>;
  config?: Partial<NodeConfig>;
  /** The source of an expression: the EnvDefinition. */
  env?: string;
  maps?: boolean;
}

interface Esbuild {
  build(options: object): Promise<{ outputFiles: { path: string; contents: Uint8Array }[] }>;
}

const here = dirname(fileURLToPath(import.meta.url));
const loadEsbuild = (): Esbuild => createRequire(import.meta.resolve("@godwit/bundler/contracts"))("esbuild");

export function createPlan({ routes }: Pick<AppFixture, "routes">): FunctionPlan {
  return {
    id: "server",
    role: "handler",
    variant: "node",
    routes: Object.entries(routes).map(([pattern, { config = {} }]) => ({
      file: `routes${pattern}.ts`,
      pattern,
      segments: parsePattern(pattern),
      methods: ["*"],
      config,
      middleware: [],
      needs: [],
      usesWaitUntil: false,
      external: [],
    })),
    settings: {},
    usesWaitUntil: false,
    reason: "a fixture",
    lazy: true,
  };
}

async function bundle(app: AppFixture, plan: FunctionPlan, config: NodeConfig): Promise<BuiltFunction> {
  const rows = Object.keys(app.routes).map((pattern, at) => {
    const path = parsePattern(pattern).map(({ kind, value }) => (kind === "static" ? value : { name: value }));
    return `[${JSON.stringify(path)}, { pattern: ${JSON.stringify(pattern)}, module: () => import("route:${at}"), middleware: [] }]`;
  });
  const sources: Record<string, string> = {
    entry: target.entry(plan, config),
    "godwit:app": `import { createApp, createRouter } from "@godwit/core";
      export const env = ${app.env ?? "undefined"};
      export default createApp(createRouter([${rows.join(", ")}]), { env });`,
  };
  Object.values(app.routes).forEach(({ source = "" }, at) => {
    sources[`route:${at}`] = source;
  });
  const { platform, format, target: language, conditions, mainFields, define } = target.esbuild("node", config);
  const virtual = {
    name: "virtual",
    setup(build: { onResolve: CallableFunction; onLoad: CallableFunction }) {
      build.onResolve({ filter: /^(entry$|godwit:|route:)/ }, ({ path }: { path: string }) => ({
        path,
        namespace: "virtual",
      }));
      build.onLoad({ filter: /.*/, namespace: "virtual" }, ({ path }: { path: string }) => ({
        contents: sources[path],
        resolveDir: here,
        loader: "ts",
      }));
    },
  };
  const { outputFiles } = await loadEsbuild().build({
    entryPoints: { index: "entry" },
    bundle: true,
    splitting: true,
    write: false,
    outdir: "/out",
    outExtension: { ".js": ".mjs" },
    sourcemap: app.maps ? "external" : false,
    platform,
    format,
    target: language,
    conditions,
    mainFields,
    define,
    plugins: [virtual],
  });
  const all = outputFiles.map(({ path, contents }) => ({ path: path.slice("/out/".length), contents }));
  const files = all.filter(({ path }) => !path.endsWith(".map"));
  files.sort((a, b) => Number(b.path === "index.mjs") - Number(a.path === "index.mjs"));
  return { plan, files, maps: all.filter(({ path }) => path.endsWith(".map")) };
}

/** Lays an app out in `<folder>/node`; `remove` takes all of it away again. */
export async function buildApp(app: AppFixture): Promise<{ artefact: Artefact; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "godwit-node-"));
  const root = join(folder, "node");
  const artefact: Artefact = { root, manifest: await layOut(app, root) };
  return { artefact, remove: () => rmSync(folder, { recursive: true }) };
}

/** Builds into a folder that may be there already. */
export async function layOut(app: AppFixture, root: string): Promise<Artefact["manifest"]> {
  const config = nodeConfig.parse(app.config ?? {});
  const built = await bundle(app, createPlan(app), config);
  const write = (path: string, contents: string | Uint8Array) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), contents);
  };
  const assets: AssetFile[] = Object.entries(app.assets ?? {}).map(([path, contents]) => {
    const source = join(root, "..", "sources", path);
    write(join("..", "sources", path), contents);
    return { path, source, bytes: contents.length, contentType: "text/plain; charset=utf-8" };
  });
  for (const { path, contents } of built.maps) {
    write(join("..", "node.maps", path.replace(/^index\./, "server.")), contents);
  }
  const emitted = await target.emit({
    app: "fixture",
    config,
    functions: [built],
    assets,
    env: { vars: [], secrets: [] },
    write,
    copy: (from, path) => cpSync(from, join(root, path), { recursive: true }),
    zip: () => new Uint8Array(),
  });
  return {
    version: 1,
    app: "fixture",
    target: "node",
    deployer: "node",
    functions: emitted.functions.map(({ id, entry }) => ({
      id,
      role: "handler",
      variant: "node",
      reason: "a fixture",
      entry,
      files: [],
      bytes: 0,
      gzipBytes: 0,
      routes: Object.keys(app.routes).map((pattern) => ({ pattern, file: `routes${pattern}.ts`, methods: ["*"] })),
      settings: {},
      hash: "",
    })),
    front: emitted.front,
    assets: [],
    resources: [],
    triggers: emitted.triggers ?? [],
    env: { vars: [], secrets: [] },
    verify: [],
    hash: "",
  };
}
