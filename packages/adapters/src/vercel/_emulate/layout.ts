/**
 * Reads `.vercel/output/` of a built artefact.
 * @module
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Artefact } from "@godwit/bundler/contracts";
import type { GodwitError } from "@godwit/core/errors";
import type { ManifestFunction } from "@godwit/core/manifest";
import { artefactInvalid } from "../../_emulate/errors.ts";
import type { Overrides } from "./assets.ts";
import type { ConfigRoute } from "./routing.ts";

const FUNCTIONS = ".vercel/output/functions/";

export interface Layout {
  routes: ConfigRoute[];
  overrides: Overrides;
  crons: { path: string; schedule: string }[];
  /** By the path at which `config.json` names them. */
  functions: Map<string, FunctionLayout>;
  /** Absolute. */
  staticFolder: string;
}

export interface FunctionLayout {
  id: string;
  variant: "edge" | "node";
  /** Absolute. */
  folder: string;
  entry: string;
  /** Milliseconds until the head of an answer, and until its end. */
  first: number;
  whole: number;
  routes: ManifestFunction["routes"];
}

/** Throws `EMULATOR_ARTEFACT_INVALID` for a folder that is no build output of version 3. */
export async function readLayout({ root, manifest }: Artefact): Promise<Layout> {
  const output = join(root, ".vercel", "output");
  const config = await readJson(join(output, "config.json"));
  if (config.version !== 3) throw invalid(join(output, "config.json"));
  const functions = new Map<string, FunctionLayout>();
  for (const { id, entry, routes } of manifest.functions) {
    const end = entry.indexOf(".func/");
    if (!entry.startsWith(FUNCTIONS) || end < 0) throw invalid(entry);
    const folder = join(root, entry.slice(0, end + ".func".length));
    const settings = await readJson(join(folder, ".vc-config.json"));
    const variant = settings.runtime === "edge" ? "edge" : "node";
    const file = variant === "edge" ? settings.entrypoint : settings.handler;
    if (typeof file !== "string") throw invalid(entry);
    // https://vercel.com/docs/functions/limitations: Edge must begin within 25 seconds and may stream for 300.
    const seconds = typeof settings.maxDuration === "number" ? settings.maxDuration : 300;
    const [first, whole] = variant === "edge" ? [25_000, 300_000] : [seconds * 1000, seconds * 1000];
    const layout = { id, variant, folder, entry: join(folder, file), first, whole, routes } as const;
    functions.set(`/${entry.slice(FUNCTIONS.length, end)}`, layout);
  }
  return {
    routes: config.routes ?? [],
    overrides: config.overrides ?? {},
    crons: config.crons ?? [],
    functions,
    staticFolder: join(output, "static"),
  };
}

interface Json {
  version?: number;
  routes?: ConfigRoute[];
  overrides?: Overrides;
  crons?: Layout["crons"];
  runtime?: string;
  entrypoint?: unknown;
  handler?: unknown;
  maxDuration?: unknown;
}

async function readJson(path: string): Promise<Json> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw invalid(path, cause);
  }
}

function invalid(path: string, cause?: unknown): GodwitError {
  return artefactInvalid(path, cause);
}
