/**
 * What lies beside a bundle: packages that are copied instead of bundled, native addons, and files that the config
 * names.
 * @module
 */
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import type { ExternalImport } from "./bundle.ts";
import type { BuiltFile, BuiltFunction, FunctionPlan, Target } from "./contracts.ts";
import type { BuildConfig, Notice, Weight } from "./steps.ts";
import { checkNative } from "./trace-check.ts";
import { folderOf, layOut, type Need, type PackageFolder } from "./trace-layout.ts";

export interface TraceInput {
  root: string;
  target: Target;
  targetConfig: unknown;
  config: BuildConfig;
  functions: BuiltFunction[];
  externals: Record<string, ExternalImport[]>;
  weights: Record<string, Weight[]>;
}

export interface Traced {
  functions: BuiltFunction[];
  weights: Record<string, Weight[]>;
  notices: Notice[];
}

/**
 * Throws EXTERNAL_MISSING for a package that is not installed, NATIVE_WRONG_ARCHITECTURE for an addon that would not
 * load, INCLUDE_FILES_NOTHING and INCLUDE_FILES_OUTSIDE for globs, INCLUDE_FILES_CLASH for a name that the bundle has,
 * INCLUDE_FILES_UNSUPPORTED where a function has no files.
 */
export async function trace(input: TraceInput): Promise<Traced> {
  const tracer = createTracer(input.root);
  const notices: Notice[] = [];
  const weights = { ...input.weights };
  const functions: BuiltFunction[] = [];
  for (const fn of input.functions) {
    const packages = await tracer.packages(input.externals[fn.plan.id] ?? []);
    const included = await includedFiles(fn, input, tracer.read);
    notices.push(...checkNative(fn.plan, packages.files, input.targetConfig));
    weights[fn.plan.id] = merge(weights[fn.plan.id] ?? [], packages.weights);
    const taken = new Set(fn.files.map((file) => file.path));
    refuseClash(fn.plan, included, taken);
    const beside = [...packages.files, ...included].filter(({ path }) => !taken.has(path) && taken.add(path));
    functions.push(beside.length === 0 ? fn : { ...fn, files: [...fn.files, ...beside] });
  }
  return { functions, weights, notices: uniqueNotices(notices) };
}

function refuseClash({ id }: FunctionPlan, included: readonly BuiltFile[], taken: ReadonlySet<string>): void {
  const clash = included.find(({ path }) => taken.has(path));
  if (!clash) return;
  throw new GodwitError(
    "INCLUDE_FILES_CLASH",
    `includeFiles brings ${clash.path}, and the bundle of ${id} has a file of that name. Put yours into a folder.`,
  );
}

interface Packages {
  files: BuiltFile[];
  weights: Weight[];
}

interface Tracer {
  packages(externals: ExternalImport[]): Promise<Packages>;
  /** One contents object for each file, however many functions carry it. */
  read(file: string): Uint8Array;
}

function createTracer(root: string): Tracer {
  const contents = new Map<string, Uint8Array>();
  const traced = new Map<string, Promise<Packages>>();
  const read = (file: string): Uint8Array => {
    const known = contents.get(file) ?? readFileSync(file);
    contents.set(file, known);
    return known;
  };
  return {
    read,
    packages(externals) {
      const key = JSON.stringify(externals);
      const known = traced.get(key) ?? tracePackages(root, externals, read);
      traced.set(key, known);
      return known;
    },
  };
}

async function tracePackages(
  root: string,
  externals: ExternalImport[],
  read: (file: string) => Uint8Array,
): Promise<Packages> {
  const built: BuiltFile[] = externals.flatMap(({ specifier, file }) =>
    file === undefined ? [] : [{ path: specifier.replace(/^\.\//, ""), contents: read(file) }],
  );
  const weights = new Map(built.map(({ path, contents }) => [path, contents.length]));
  const packages = externals.filter(({ file }) => file === undefined);
  const { starts, needs, files } = await findFiles(root, packages);
  for (const { specifier, from } of starts) {
    throw new GodwitError(
      "EXTERNAL_MISSING",
      `"${specifier}" is to be copied beside the bundle, and it is not installed where ${relative(root, from) || "the app"} ` +
        "looks for it. Install it, or take it out of `external`.",
    );
  }
  const byFolder = Map.groupBy(files, ({ folder }) => folder.dir);
  for (const [place, folder] of [...layOut(needs)].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const { path } of byFolder.get(folder.dir) ?? []) {
      const file = { path: `${place}/${relative(folder.dir, path).split(sep).join("/")}`, contents: read(path) };
      built.push(file);
      weights.set(folder.name, (weights.get(folder.name) ?? 0) + file.contents.length);
    }
  }
  return {
    files: built.sort((a, b) => (a.path < b.path ? -1 : 1)),
    weights: [...weights].map(([name, bytes]) => ({ name, bytes })),
  };
}

/** Follows imports with @vercel/nft from a module that only imports the packages, in the folder of their importer. */
async function findFiles(root: string, externals: ExternalImport[]) {
  if (externals.length === 0) return { files: [], needs: [], starts: [] };
  const virtual = new Map<string, string>();
  for (const { specifier, from } of externals) {
    for (const dir of from) {
      const text = JSON.stringify(specifier);
      const esm = join(dir, "godwit-trace.mjs");
      const cjs = join(dir, "godwit-trace.cjs");
      virtual.set(esm, `${virtual.get(esm) ?? ""}import ${text};\n`);
      virtual.set(cjs, `${virtual.get(cjs) ?? ""}require(${text});\n`);
    }
  }
  // Imported where it is used, since it takes longer than the rest of this package together.
  const { nodeFileTrace } = await import("@vercel/nft");
  const { fileList, reasons } = await nodeFileTrace([...virtual.keys()], {
    base: "/",
    processCwd: root,
    readFile: async (path) => virtual.get(path) ?? readMaybe(path),
  });
  const files: { path: string; folder: PackageFolder }[] = [];
  const needs = new Map<string, Need>();
  const seen = new Set<string>();
  for (const name of [...fileList].sort()) {
    const path = realOf(`/${name}`);
    const folder = path === undefined || virtual.has(path) ? undefined : ownerOf(path);
    if (path === undefined || folder === undefined || folder.dir === root) continue;
    if (!seen.has(path) && statSync(path).isFile()) files.push({ path, folder });
    seen.add(path);
    for (const parent of reasons.get(name)?.parents ?? []) {
      const from = virtual.has(`/${parent}`) ? undefined : ownerOf(realOf(`/${parent}`) ?? "");
      if (from?.dir !== folder.dir) needs.set(`${from?.dir} ${folder.dir}`, { from, to: folder });
    }
  }
  const names = new Set([...needs.values()].filter((need) => !need.from).map((need) => need.to.name));
  const starts = externals.flatMap(({ specifier, from }) =>
    [...names].some((name) => specifier === name || specifier.startsWith(`${name}/`))
      ? []
      : [{ specifier, from: from[0] ?? root }],
  );
  return { files, needs: [...needs.values()], starts };
}

function readMaybe(path: string): Buffer | null {
  return existsSync(path) && statSync(path).isFile() ? readFileSync(path) : null;
}

function realOf(path: string): string | undefined {
  return existsSync(path) ? realpathSync(path) : undefined;
}

/** Also of a workspace package that is linked into the app and lies in no node_modules. */
function ownerOf(path: string): PackageFolder | undefined {
  const folder = folderOf(path);
  if (folder || path === "") return folder;
  for (let dir = dirname(path); dir !== dirname(dir); dir = dirname(dir)) {
    const file = join(dir, "package.json");
    if (!existsSync(file)) continue;
    const { name } = JSON.parse(readFileSync(file, "utf8")) as { name?: string }; // the app's own file, checked by use
    if (name) return { dir, name };
  }
  return undefined;
}

async function includedFiles(
  { plan }: BuiltFunction,
  { root, target, config }: TraceInput,
  read: (file: string) => Uint8Array,
): Promise<BuiltFile[]> {
  const ofRoutes = plan.routes.flatMap((route) =>
    (route.config.includeFiles ?? []).map((pattern) => ({ pattern, by: route.file })),
  );
  const ofConfig = (config.includeFiles ?? []).map((pattern) => ({ pattern, by: "the config" }));
  const hasFiles = target.variants[plan.variant]?.runtime === "node";
  const [first] = ofRoutes;
  if (first && !hasFiles) {
    throw new GodwitError(
      "INCLUDE_FILES_UNSUPPORTED",
      `${first.by} asks for files beside its bundle (${first.pattern}), and ${target.name} (${plan.variant}) has none. ` +
        "Import the file's contents, put it into public/, or build this route for a Node variant.",
    );
  }
  const files = new Map<string, BuiltFile>();
  for (const { pattern, by } of hasFiles ? [...ofConfig, ...ofRoutes] : []) {
    if (/^(\/|[A-Za-z]:)|(^|\/)\.\.(\/|$)/.test(pattern)) {
      throw new GodwitError(
        "INCLUDE_FILES_OUTSIDE",
        `includeFiles of ${by} leaves the app's folder: ${pattern}. Copy the files into it.`,
      );
    }
    const { glob } = await import("tinyglobby");
    const found = await glob([pattern], { cwd: root, dot: true, onlyFiles: true, followSymbolicLinks: false });
    if (found.length === 0) {
      throw new GodwitError(
        "INCLUDE_FILES_NOTHING",
        `includeFiles of ${by} matches no file: ${pattern}. Patterns begin at the app's folder.`,
      );
    }
    for (const path of found) files.set(path, { path, contents: read(join(root, path)) });
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function merge(a: Weight[], b: Weight[]): Weight[] {
  if (b.length === 0) return a;
  const sums = new Map(a.map(({ name, bytes }) => [name, bytes]));
  for (const { name, bytes } of b) sums.set(name, (sums.get(name) ?? 0) + bytes);
  return [...sums]
    .map(([name, bytes]) => ({ name, bytes }))
    .sort((x, y) => y.bytes - x.bytes || (x.name < y.name ? -1 : 1));
}

function uniqueNotices(notices: Notice[]): Notice[] {
  return [...new Map(notices.map((notice) => [`${notice.code} ${notice.message}`, notice])).values()];
}
