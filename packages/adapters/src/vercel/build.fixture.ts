/**
 * Builds small apps for the tests of this folder: functions by esbuild with this target's own settings and entries,
 * laid out by its own `emit` in a temporary folder.
 * @module
 */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type {
  Artefact,
  AssetFile,
  BuiltFile,
  BuiltFunction,
  FunctionPlan,
  RouteConfig,
} from "@godwit/bundler/contracts";
import type { ManifestFile } from "@godwit/core/manifest";
import { parsePattern } from "@godwit/core/pattern";
import { schema, type VercelConfig } from "./config.ts";
import { functionName } from "./front.ts";
import { target } from "./target.ts";

export interface RouteFixture {
  pattern: string;
  /** The exports of the route's file. */
  source?: string;
  config?: RouteConfig;
}

export interface FunctionFixture {
  id: string;
  variant?: "edge" | "node";
  role?: FunctionPlan["role"];
  routes?: RouteFixture[];
  timeout?: number;
}

export interface AppFixture {
  functions: FunctionFixture[];
  /** `/hello.txt` -> its text. */
  assets?: Record<string, string>;
  config?: Partial<VercelConfig>;
  env?: { vars: string[]; secrets: string[] };
}

interface Esbuild {
  build(options: object): Promise<{ outputFiles: { path: string; contents: Uint8Array }[] }>;
}

const here = dirname(fileURLToPath(import.meta.url));
const loadEsbuild = (): Esbuild => createRequire(import.meta.resolve("@godwit/bundler/contracts"))("esbuild");

export function createPlan({
  id,
  variant = "node",
  role = "handler",
  routes = [],
  timeout,
}: FunctionFixture): FunctionPlan {
  return {
    id,
    role,
    variant,
    routes: routes.map(({ pattern, config = {} }) => ({
      file: `routes${pattern === "/" ? "/index" : pattern}.ts`,
      pattern,
      segments: parsePattern(pattern),
      methods: ["*"],
      config,
      middleware: [],
      needs: [],
      usesWaitUntil: false,
      external: [],
    })),
    settings: { timeout },
    usesWaitUntil: false,
    reason: "a fixture",
    lazy: false,
  };
}

export const readConfig = (config: Partial<VercelConfig> = {}): VercelConfig => schema.parse(config);

/** What stands in for the bundler's `godwit:app`. */
function appSource({ routes = [] }: FunctionFixture): string {
  const lines = routes.map((_, index) => `import * as route${index} from "route:${index}";`);
  const rows = routes.map(({ pattern }, index) => {
    const path = parsePattern(pattern).map(({ kind, value }) => {
      if (kind === "static") return JSON.stringify(value);
      const rest = kind === "rest" ? "one-or-more" : kind === "optional-rest" ? "any" : undefined;
      return JSON.stringify({ name: value, rest });
    });
    return `[[${path}], { pattern: ${JSON.stringify(pattern)}, module: route${index}, middleware: [] }]`;
  });
  return [
    'import { createApp } from "@godwit/core/app";',
    'import { createRouter } from "@godwit/core/router";',
    ...lines,
    `export default createApp(createRouter([${rows}]));`,
  ].join("\n");
}

export async function bundle(fixture: FunctionFixture): Promise<BuiltFunction> {
  const plan = createPlan(fixture);
  const {
    platform,
    target: level,
    conditions,
    mainFields,
    format,
    external,
    define,
  } = target.esbuild(plan.variant, readConfig());
  const sources: Record<string, string> = { "godwit:app": appSource(fixture) };
  for (const [index, { source }] of (fixture.routes ?? []).entries()) {
    sources[`route:${index}`] = source ?? `export const GET = () => new Response(${JSON.stringify(fixture.id)});`;
  }
  const { outputFiles } = await loadEsbuild().build({
    stdin: { contents: target.entry(plan, readConfig()), resolveDir: here, sourcefile: "entry.js" },
    outfile: plan.variant === "edge" ? "/out/index.js" : "/out/index.mjs",
    bundle: true,
    write: false,
    minify: true,
    sourcemap: "external",
    alias: { "@godwit/adapters/vercel": join(here, "index.ts") },
    platform,
    target: level,
    conditions,
    mainFields,
    format,
    external,
    define,
    plugins: [
      {
        name: "fixture",
        setup(build: { onResolve: (...args: unknown[]) => void; onLoad: (...args: unknown[]) => void }) {
          const filter = /^(?:godwit:app|route:\d+)$/;
          build.onResolve({ filter }, ({ path }: { path: string }) => ({ path, namespace: "fixture" }));
          build.onLoad({ filter, namespace: "fixture" }, ({ path }: { path: string }) => ({
            contents: sources[path],
            resolveDir: here,
            loader: "ts",
          }));
        },
      },
    ],
  });
  const files: BuiltFile[] = outputFiles.map(({ path, contents }) => ({ path: path.slice("/out/".length), contents }));
  const isMap = ({ path }: BuiltFile) => path.endsWith(".map");
  return { plan, files: files.filter((file) => !isMap(file)), maps: files.filter(isMap) };
}

export interface Built extends Artefact {
  remove(): void;
}

/** Builds and writes an app. The folder is the caller's to remove. */
export async function buildApp(app: AppFixture): Promise<Built> {
  const home = mkdtempSync(join(tmpdir(), "godwit-vercel-"));
  try {
    return await writeApp(home, app);
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

async function writeApp(home: string, app: AppFixture): Promise<Built> {
  const root = join(home, "vercel");
  const functions = await Promise.all(app.functions.map(bundle));
  const write = (base: string, path: string, contents: string | Uint8Array) => {
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), contents);
  };
  const assets: AssetFile[] = Object.entries(app.assets ?? {}).map(([path, text]) => {
    write(join(home, "public"), path, text);
    const contentType = path.endsWith(".html") ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
    return { path, source: join(home, "public", path), bytes: text.length, contentType };
  });
  const emitted = await target.emit({
    app: "app",
    config: readConfig(app.config),
    functions,
    assets,
    env: app.env ?? { vars: [], secrets: [] },
    write: (path, contents) => write(root, path, contents),
    copy: (from, path) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      cpSync(from, join(root, path));
    },
    zip: () => new Uint8Array(),
  });
  for (const { plan, maps } of functions)
    for (const { path, contents } of maps)
      write(`${root}.maps`, `.vercel/output/functions/${functionName(plan.id)}.func/${path}`, contents);
  const toFile = (path: string): ManifestFile => ({ path, bytes: 0, sha256: createHash("sha256").digest("hex") });
  return {
    root,
    remove: () => rmSync(home, { recursive: true, force: true }),
    manifest: {
      version: 1,
      app: "app",
      target: "vercel",
      deployer: "vercel",
      functions: emitted.functions.map(({ id, entry, files }, index) => ({
        id,
        role: functions[index]?.plan.role ?? "handler",
        variant: functions[index]?.plan.variant ?? "node",
        reason: "a fixture",
        entry,
        files: files.map(toFile),
        bytes: 0,
        gzipBytes: 0,
        routes: functions[index]?.plan.routes.map(({ pattern, file, methods }) => ({ pattern, file, methods })) ?? [],
        settings: {},
        hash: "",
      })),
      front: emitted.front,
      assets: [],
      resources: emitted.resources ?? [],
      triggers: emitted.triggers ?? [],
      env: { vars: [], secrets: [] },
      verify: [],
      hash: "",
    },
  };
}
