/**
 * One run of esbuild, and what came out of it as plain values whose names and contents are the same on every machine.
 * @module
 */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import { type BuildFailure, type BuildOptions, build, type Message, type Metafile } from "esbuild";
import type { Namer } from "./bundle-names.ts";

/** One output file. Names are plain: all outputs of a pass stand in one folder. */
export interface Output {
  name: string;
  code: string;
  map?: string;
  /** Names of other outputs. */
  statics: string[];
  dynamics: string[];
  /** Specifiers that stayed imports. */
  externals: string[];
  /** Input -> the bytes of it that are in here. */
  inputs: Record<string, number>;
}

export interface Pass {
  outputs: Map<string, Output>;
  /** The module graph, as esbuild names it. */
  inputs: Metafile["inputs"];
  warnings: Message[];
}

/** Runs esbuild. Throws BUNDLE_FAILED with the places of up to ten errors. */
export async function runPass(options: BuildOptions, namer: Namer): Promise<Pass> {
  const result = await build({ ...options, write: false, metafile: true, logLevel: "silent" }).catch(
    (failure: BuildFailure | Error) => {
      throw toError(failure);
    },
  );
  const clean = (code: string): string => (options.minify ? code : cleanPaths(code, namer));
  const { metafile, outputFiles = [], warnings } = result;
  return { outputs: readOutputs(outputFiles, metafile, namer, clean), inputs: metafile.inputs, warnings };
}

function toError(failure: BuildFailure | Error): Error {
  if (!("errors" in failure) || failure.errors.length === 0) return failure;
  const lines = failure.errors.slice(0, 10).map(describe);
  const more = failure.errors.length > lines.length ? `\n... and ${failure.errors.length - lines.length} more` : "";
  return new GodwitError("BUNDLE_FAILED", `The app cannot be bundled:\n${lines.join("\n")}${more}`, { cause: failure });
}

/** `routes/a.ts:3:9: Could not resolve "pg". ...` */
export function describe({ text, location, notes }: Message): string {
  const place = location ? `${location.file}:${location.line}:${location.column + 1}: ` : "";
  return `${place}${text}${adviceFor(text) || (notes[0] ? ` (${notes[0].text})` : "")}`;
}

/** What to do about an error of esbuild; "" where it says so itself. */
export function adviceFor(text: string): string {
  if (/^Could not resolve "\./.test(text)) return ". Is the file's name right, with its extension?";
  if (/^Could not resolve "/.test(text)) return ". Is the package installed, and in the app's package.json?";
  if (/^No loader is configured/.test(text)) return ". Read it at run time (includeFiles), or serve it from public/.";
  return "";
}

function readOutputs(
  files: { path: string; text: string }[],
  metafile: Metafile,
  namer: Namer,
  clean: (code: string) => string,
): Map<string, Output> {
  const texts = new Map(files.map((file) => [basename(file.path), file]));
  const outputs: Output[] = [];
  for (const [path, meta] of Object.entries(metafile.outputs)) {
    const name = basename(path);
    if (name.endsWith(".map")) continue;
    const of = (dynamic: boolean): string[] =>
      meta.imports
        .filter((entry) => !entry.external && (entry.kind === "dynamic-import") === dynamic)
        .map((entry) => basename(entry.path));
    const map = texts.get(`${name}.map`)?.text;
    outputs.push({
      name,
      code: clean(texts.get(name)?.text ?? ""),
      ...(map === undefined ? {} : { map }),
      statics: of(false),
      dynamics: of(true),
      externals: meta.imports.filter((entry) => entry.external).map((entry) => entry.path),
      inputs: Object.fromEntries(
        Object.entries(meta.inputs).map(([input, { bytesInOutput }]) => [input, bytesInOutput]),
      ),
    });
  }
  const entryOf = new Map(
    Object.entries(metafile.outputs).map(([path, meta]) => [basename(path), namer.nameOf(meta.entryPoint ?? "")]),
  );
  return renameByContent(outputs, entryOf);
}

/** Without minifying, esbuild writes each module's path into comments and CommonJS wrappers. */
function cleanPaths(code: string, namer: Namer): string {
  return code
    .replace(
      /^\/\/ (\S+\.[cm]?[jt]sx?|\S+\.json|godwit-[a-z]+:\S+)$/gm,
      (_line, path: string) => `// ${namer.nameOf(path)}`,
    )
    .replace(/^ {2}("[^"\n]+")\((exports|$)/gm, (line, path: string, rest: string) =>
      path.includes("/") ? `  ${JSON.stringify(namer.nameOf(JSON.parse(path)))}(${rest}` : line,
    );
}

const HASHED = /\bchunk-[A-Z0-9]{8}\b/g;

/**
 * esbuild's own hashes take in the paths of sources, so they differ between two folders. These are of the same length
 * (maps stay true) and come from the code alone: a chunk's own with names blanked, and that of every chunk it reaches.
 */
function renameByContent(outputs: Output[], entryOf: ReadonlyMap<string, string>): Map<string, Output> {
  const byName = new Map(outputs.map((output) => [output.name, output]));
  const own = new Map<string, string>();
  const theirs = new Set(outputs.filter(({ name }) => name.startsWith("chunk-")).map(({ name }) => stemOf(name)));
  for (const { name, code } of outputs) {
    if (!theirs.has(stemOf(name))) continue;
    const blank = code.replace(HASHED, (stem) => (theirs.has(stem) ? "chunk-" : stem));
    own.set(name, digest(blank, entryOf.get(name) ?? ""));
  }
  const stems = new Map<string, string>();
  for (const name of own.keys()) {
    const reached = reach(byName, name, ["statics", "dynamics"]).map((other) => own.get(other) ?? "");
    stems.set(stemOf(name), `chunk-${encode(digest(own.get(name) ?? "", ...reached))}`);
  }
  const rename = (text: string): string => text.replace(HASHED, (stem) => stems.get(stem) ?? stem);
  return new Map(
    outputs.map((output) => {
      const name = rename(output.name);
      const statics = output.statics.map(rename);
      const dynamics = output.dynamics.map(rename);
      return [name, { ...output, name, statics, dynamics, code: rename(output.code) }];
    }),
  );
}

function stemOf(name: string): string {
  return name.slice(0, "chunk-".length + 8);
}

function digest(...parts: string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex");
}

/** Eight of the characters that esbuild uses. */
function encode(hex: string): string {
  return BigInt(`0x${hex.slice(0, 16)}`)
    .toString(36)
    .toUpperCase()
    .padStart(13, "0")
    .slice(-8);
}

/** Names of all outputs that one reaches, without itself, in the order of discovery. */
export function reach(
  outputs: ReadonlyMap<string, Output>,
  from: string,
  kinds: readonly ("statics" | "dynamics")[],
): string[] {
  const seen = new Set([from]);
  for (const name of seen) {
    const output = outputs.get(name);
    for (const kind of kinds) for (const next of output?.[kind] ?? []) seen.add(next);
  }
  seen.delete(from);
  return [...seen];
}
