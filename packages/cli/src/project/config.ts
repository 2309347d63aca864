/**
 * `godwit.config.ts`: loaded through esbuild, checked as a whole, every error with its path in it.
 * @module
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { platforms, type TargetConfigs } from "@godwit/adapters/registry";
import type { BuildConfig } from "@godwit/bundler";
import { bundleModule } from "@godwit/bundler";
import { GodwitError } from "@godwit/core/errors";
import type { VerifyRequest } from "@godwit/core/manifest";
import type { StoreDriver } from "@godwit/core/types";
import * as z from "zod";
import { type DeployConfig, deploySchema } from "../deploy/settings.ts";
import { closest } from "./closest.ts";

export type TargetName = keyof TargetConfigs;

/** Everything is optional; a folder with `routes/` is an app. */
export interface Config extends Omit<BuildConfig, "stores">, Partial<TargetConfigs> {
  /** Default: package.json's name without its scope, else `app`. Lower-case letters, digits and hyphens. */
  name?: string;
  /** What commands build without `--target`. Default `node`. */
  target?: TargetName | TargetName[];
  /**
   * Stores that handlers reach as `context.store("main")`, each with its driver on each target. Where a target is not
   * named, it is `memory()`, with a note.
   */
  stores?: Record<string, { [T in TargetName]?: StoreDriver }>;
  /** Requests that prove a release, and that `godwit conform` sends when it is given no file. */
  verify?: VerifyRequest[];
  /** How it is deployed, with a slice for each vendor. */
  deploy?: DeployConfig;
}

/**
 * Gives the config its types and changes nothing.
 *
 * @example
 * export default defineConfig({ target: "cloudflare", budgets: { function: { gzipBytes: 50_000 } } });
 */
export function defineConfig(config: Config): Config {
  return config;
}

/** The config with its defaults, for one app folder. */
export interface Project {
  /** Absolute. */
  root: string;
  name: string;
  targets: TargetName[];
  build: BuildConfig;
  verify: VerifyRequest[];
  deploy: DeployConfig;
  /** The target's own slice, with `override` laid over it, as its schema made it. */
  slice(target: TargetName, override?: Record<string, unknown>): Promise<unknown>;
}

export const TARGETS: TargetName[] = Object.keys(platforms) as TargetName[]; // the registry's own keys

const bytes = z.number().int().positive();
const budget = z.strictObject({ bytes: bytes.optional(), gzipBytes: bytes.optional() });
/** What `memory()`, `sqlite()` and the like return. */
const driver: z.ZodType<StoreDriver> = z.strictObject(
  {
    module: z.string(),
    options: z.record(z.string(), z.json()),
    guarantees: z.strictObject({
      reads: z.enum(["instance", "region", "exact", "eventual"]),
      durable: z.boolean(),
      maxValue: z.number(),
      minTtl: z.number(),
      list: z.enum(["exact", "eventual", "none"]),
      counters: z.enum(["exact", "instance"]).optional(),
    }),
    runtimes: z.array(z.enum(["node", "workerd", "edge"])).optional(),
    env: z.strictObject({ vars: z.array(z.string()).optional(), secrets: z.array(z.string()).optional() }).optional(),
    resources: z
      .array(z.strictObject({ kind: z.string(), name: z.string(), spec: z.record(z.string(), z.unknown()) }))
      .optional(),
  },
  { error: "a store's driver, such as memory() or sqlite()" },
);
const schema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, "lower-case letters, digits and hyphens, at most 63, a letter first")
    .optional(),
  target: z
    .union([z.enum(TARGETS), z.array(z.enum(TARGETS)).min(1)], { error: `one of ${TARGETS.join(", ")}, or an array` })
    .optional(),
  grouping: z.enum(["auto", "route", "single"]).optional(),
  budgets: z
    .strictObject({ function: budget.optional(), total: budget.optional(), startup: z.number().positive().optional() })
    .optional(),
  external: z.array(z.string()).optional(),
  includeFiles: z.array(z.string()).optional(),
  sourcemap: z.enum(["external", "ship", "none"]).optional(),
  minify: z.boolean().optional(),
  allowSecrets: z.array(z.string()).optional(),
  stores: z
    .record(
      z.string().regex(/^[a-z][\w-]{0,31}$/i, "a store's name is a letter, then at most 31 letters, digits, - and _"),
      z.partialRecord(z.enum(TARGETS), driver),
    )
    .optional(),
  verify: z
    .array(
      z.strictObject({
        method: z.string().default("GET"),
        path: z.string().startsWith("/"),
        status: z.number().int().min(100).max(599).optional(),
      }),
    )
    .optional(),
  deploy: deploySchema.optional(),
  ...Object.fromEntries(TARGETS.map((target) => [target, z.unknown().optional()])),
});

const FILES = ["godwit.config.ts", "godwit.config.mts", "godwit.config.js", "godwit.config.mjs"];

/** Reads the config and package.json of an app folder. Throws CONFIG_INVALID, CONFIG_FAILED. */
export async function loadProject(root: string): Promise<Project> {
  const file = FILES.find((name) => existsSync(join(root, name)));
  const given = file ? await importConfig(root, file) : {};
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw invalid(file ?? "", parsed.error.issues);
  const { name, target, verify = [], deploy = {}, ...rest } = parsed.data;
  const slices = rest as Record<string, unknown>; // the members named after targets
  const build = Object.fromEntries(Object.entries(rest).filter(([key]) => !TARGETS.includes(key as TargetName)));
  return {
    root,
    name: name ?? (await packageName(root)),
    targets: target === undefined ? ["node"] : [target].flat(),
    build,
    verify,
    deploy,
    async slice(which, override = {}) {
      const { target } = await platforms[which].target();
      const result = await target.config["~standard"].validate({ ...(slices[which] ?? {}), ...override });
      if (!result.issues) return result.value;
      throw invalid(
        file ?? "",
        result.issues.map(({ message, path = [] }) => ({
          message,
          path: [which, ...path.map((part) => (typeof part === "object" ? part.key : part))],
        })),
      );
    },
  };
}

async function importConfig(root: string, file: string): Promise<unknown> {
  try {
    const module = (await import(pathToFileURL(await bundleModule({ root, file })).href)) as { default?: unknown };
    if (module.default && typeof module.default === "object") return module.default;
  } catch (cause) {
    if (cause instanceof GodwitError) throw cause;
    throw new GodwitError("CONFIG_FAILED", `${file} threw while it was loaded: ${(cause as Error).message}`, { cause });
  }
  throw new GodwitError("CONFIG_INVALID", `${file} must export default defineConfig({ ... }).`);
}

interface Issue {
  message: string;
  path?: readonly PropertyKey[];
  code?: string;
  keys?: readonly string[];
}

function invalid(file: string, issues: readonly Issue[]): GodwitError {
  const lines = issues.map(({ message, path = [], keys }) => {
    const known = keysAt(path);
    const near = keys?.flatMap((key) => closest(key, known) ?? []);
    const all = keys && path.length > 0 && known.length > 0 ? ` There are ${known.join(", ")}.` : "";
    const hint = near?.length ? ` Did you mean ${near.join(", ")}?` : all;
    return `  ${path.map(String).join(".") || "the config"}: ${message}.${hint}`;
  });
  return new GodwitError("CONFIG_INVALID", `${file} is not valid:\n${lines.join("\n")}\nSee docs/config.md.`);
}

/** What may stand there, where an object's keys are known. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  for (const part of path) {
    at = at instanceof z.ZodObject ? at.shape[String(part)] : undefined;
    if (at instanceof z.ZodOptional) at = at.unwrap();
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

async function packageName(root: string): Promise<string> {
  try {
    const { name } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { name?: unknown };
    const plain = typeof name === "string" ? name.replace(/^@[^/]*\//, "").toLowerCase() : "";
    return /^[a-z][a-z0-9-]{0,62}$/.test(plain) ? plain : "app";
  } catch {
    return "app"; // package.json is optional, and a name that cannot be read is no reason to stop a build
  }
}
