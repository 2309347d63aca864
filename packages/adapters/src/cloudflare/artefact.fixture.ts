/**
 * Builds a small artefact as the bundler would, from sources in the test, with this folder's own entry and layout.
 * @module
 */
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Artefact, AssetFile, BuiltFunction, FunctionPlan, RoutePlan } from "@godwit/bundler/contracts";
import { MANIFEST_VERSION, type Manifest, printSorted } from "@godwit/core/manifest";
import { parsePattern } from "@godwit/core/pattern";
import * as esbuild from "esbuild";
import type { CloudflareConfig } from "./config.ts";
import { target } from "./target.ts";

const here: string = dirname(import.meta.filename);

export interface FixtureFunction {
  id: string;
  role?: FunctionPlan["role"];
  /** Pattern -> source of the route file. */
  routes?: Record<string, string>;
  /** Pattern -> cron. */
  schedules?: Record<string, string>;
  behind?: FunctionPlan["behind"];
  /** Source put in front of the app's module. */
  prelude?: string;
}

export interface FixtureArtefact extends Artefact {
  rebuild(functions: FixtureFunction[]): Promise<void>;
  remove(): Promise<void>;
}

export const helloRoute = 'export const GET = () => new Response("hello");';

export async function configure(slice: object = {}): Promise<CloudflareConfig> {
  const result = await target.config["~standard"].validate(slice);
  if (result.issues) throw new Error(JSON.stringify(result.issues));
  return result.value;
}

export async function buildArtefact(
  functions: FixtureFunction[],
  options: { config?: object; assets?: Record<string, string> } = {},
): Promise<FixtureArtefact> {
  const folder = await mkdtemp(join(tmpdir(), "godwit-cloudflare-"));
  const root = join(folder, "cloudflare");
  const config = await configure(options.config);
  const manifest = await build(folder, root, config, functions, options.assets ?? {});
  return {
    root,
    manifest,
    async rebuild(changed) {
      await build(folder, root, config, changed, options.assets ?? {});
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function build(
  folder: string,
  root: string,
  config: CloudflareConfig,
  functions: FixtureFunction[],
  publicFiles: Record<string, string>,
): Promise<Manifest> {
  const put = async (path: string, contents: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
  };
  const built = await Promise.all(functions.map((fn) => bundle(fn, folder, config)));
  const assets: AssetFile[] = [];
  for (const [path, text] of Object.entries(publicFiles)) {
    const source = join(folder, "public", path);
    await put(source, text);
    assets.push({ path, source, bytes: Buffer.byteLength(text), contentType: "" });
  }
  const writes: Promise<void>[] = [];
  const emitted = await target.emit({
    app: "@acme/My App",
    config,
    functions: built,
    assets,
    env: { vars: [], secrets: [] },
    write: (path, contents) => writes.push(put(join(root, path), contents)),
    copy: (from, path) =>
      writes.push(mkdir(dirname(join(root, path)), { recursive: true }).then(() => cp(from, join(root, path)))),
    zip: () => new Uint8Array(),
  });
  for (const { plan, maps } of built) {
    for (const map of maps) writes.push(put(join(`${root}.maps`, plan.id, map.path), map.contents));
  }
  await Promise.all(writes);
  const manifest: Manifest = {
    version: MANIFEST_VERSION,
    app: "app",
    target: "cloudflare",
    deployer: target.deployer,
    front: emitted.front,
    functions: emitted.functions.map(({ id, entry, files }, index) => ({
      id,
      entry,
      role: built[index]?.plan.role ?? "handler",
      variant: "worker",
      reason: "",
      files: files.map((path) => ({ path, bytes: 0, sha256: "" })),
      bytes: 0,
      gzipBytes: 0,
      routes: (built[index]?.plan.routes ?? []).map(({ pattern, file, methods }) => ({ pattern, file, methods })),
      settings: {},
      hash: createHash("sha256").update(id).digest("hex"),
    })),
    assets: [],
    resources: emitted.resources ?? [],
    triggers: emitted.triggers ?? [],
    env: { vars: [], secrets: [] },
    verify: [],
    hash: "",
  };
  await put(join(root, "manifest.json"), printSorted(manifest));
  return manifest;
}

export function planOf(fn: FixtureFunction): FunctionPlan {
  const routes = Object.keys(fn.routes ?? {}).map((pattern): RoutePlan => {
    const schedule = fn.schedules?.[pattern];
    return {
      file: `routes${pattern}.ts`,
      pattern,
      segments: parsePattern(pattern),
      methods: ["GET"],
      config: { ...(schedule && { schedule }) },
      middleware: [],
      needs: [],
      usesWaitUntil: false,
      external: [],
    };
  });
  const { id, role = "handler", behind } = fn;
  return {
    id,
    role,
    variant: "worker",
    routes,
    settings: {},
    usesWaitUntil: false,
    reason: "",
    lazy: true,
    ...(behind && { behind }),
  };
}

async function bundle(fn: FixtureFunction, folder: string, config: CloudflareConfig): Promise<BuiltFunction> {
  const plan = planOf(fn);
  const outdir = join(folder, "out", fn.id);
  const { files, ...settings } = { files: new Map<string, string>(), ...target.esbuild("worker", config) };
  files.set("godwit:entry", target.entry(plan, config));
  files.set("godwit:app", appSource(fn));
  for (const [pattern, source] of Object.entries(fn.routes ?? {})) files.set(`godwit:routes${pattern}.ts`, source);
  const result = await esbuild.build({
    ...{ conditions: settings.conditions, mainFields: settings.mainFields, define: settings.define },
    platform: settings.platform,
    format: settings.format,
    target: settings.target,
    external: settings.external,
    entryPoints: [{ in: "godwit:entry", out: "index" }],
    bundle: true,
    splitting: true,
    minify: true,
    sourcemap: "external",
    write: false,
    outdir,
    plugins: [
      {
        name: "godwit",
        setup(build) {
          build.onResolve({ filter: /^godwit:/ }, ({ path }) => ({ path: path.slice(7), namespace: "godwit" }));
          build.onLoad({ filter: /.*/, namespace: "godwit" }, ({ path }) => ({
            contents: files.get(`godwit:${path}`) ?? "",
            loader: "ts",
            resolveDir: here,
          }));
        },
      },
    ],
  });
  const outputs = result.outputFiles.map(({ path, contents }) => ({ path: path.slice(outdir.length + 1), contents }));
  const entryFirst = (a: { path: string }, b: { path: string }) =>
    Number(b.path === "index.js") - Number(a.path === "index.js");
  return {
    plan,
    files: outputs.filter(({ path }) => path.endsWith(".js")).sort(entryFirst),
    maps: outputs.filter(({ path }) => path.endsWith(".map")),
  };
}

function appSource({ routes = {}, behind, prelude = "" }: FixtureFunction): string {
  const rowOf = (pattern: string, route: string): string => {
    const path = parsePattern(pattern).map(({ kind, value }) =>
      kind === "static"
        ? JSON.stringify(value)
        : `{ name: ${JSON.stringify(value)}${kind === "rest" ? ', rest: "one-or-more"' : ""} }`,
    );
    return `[[${path.join(", ")}], ${route}]`;
  };
  const rows = Object.keys(routes).map((pattern) =>
    rowOf(
      pattern,
      `{ pattern: ${JSON.stringify(pattern)}, module: () => import("godwit:routes${pattern}.ts"), middleware: [] }`,
    ),
  );
  const others = (behind ?? []).flatMap(({ id, patterns }) =>
    patterns.map((pattern) => rowOf(pattern, `{ pattern: ${JSON.stringify(id)}, module: {}, middleware: [] }`)),
  );
  return `${prelude}
import { createApp } from "@godwit/core/app";
import { createRouter } from "@godwit/core/router";
export const env = undefined;
export const behind = ${others.length ? `createRouter([${others.join(", ")}])` : "undefined"};
export default createApp(createRouter([${rows.join(", ")}]));
`;
}
