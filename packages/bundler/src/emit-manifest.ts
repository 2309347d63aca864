/**
 * `manifest.json`: everything that deploy and the emulators know of a build.
 * @module
 */
import { createHash } from "node:crypto";
import { GodwitError } from "@godwit/core/errors";
import {
  MANIFEST_VERSION,
  type Manifest,
  type ManifestFunction,
  type ManifestTrigger,
  printSorted,
  type Resource,
  type VerifyRequest,
} from "@godwit/core/manifest";
import type { BuiltFunction, Emitted, FunctionPlan } from "./contracts.ts";
import type { Records } from "./emit-records.ts";
import type { AnalysedApp, BuildOptions } from "./steps.ts";
import { mergeResources } from "./stores.ts";

export interface ManifestInput {
  options: BuildOptions;
  app: AnalysedApp;
  functions: BuiltFunction[];
  emitted: Emitted;
  /** What the stores in use need. */
  stores: Resource[];
  records: Records;
  /** Where the files of `public/` were written. */
  assets: string[];
}

/** Throws EMIT_FILE_MISSING for a file, EMIT_FUNCTION_MISSING for a function that the target does not account for. */
export function toManifest({ options, app, functions, emitted, stores, records, assets }: ManifestInput): Manifest {
  const { target } = options;
  const plans = functions.map((fn) => fn.plan);
  const rest: Omit<Manifest, "hash"> = {
    version: MANIFEST_VERSION,
    app: options.app,
    target: target.name,
    deployer: target.deployer,
    functions: plans.map((plan) => toFunction(plan, emitted, records)),
    front: emitted.front,
    assets: assets.sort().map(records.get),
    resources: mergeResources([...(emitted.resources ?? []), ...stores]),
    triggers: emitted.triggers ?? plans.flatMap(triggersOf),
    env: app.envNames,
    verify: [...plans.flatMap(verifyOf), ...(emitted.verify ?? [])],
  };
  return { ...rest, hash: hashOf(rest) };
}

function toFunction(plan: FunctionPlan, emitted: Emitted, records: Records): ManifestFunction {
  const { id, role, variant, reason, routes, settings } = plan;
  const found = emitted.functions.find((fn) => fn.id === id);
  if (!found) throw new GodwitError("EMIT_FUNCTION_MISSING", `The target has emitted nothing for function ${id}.`);
  const paths = [...new Set([found.entry, ...found.files])].sort();
  const files = paths.map(records.get);
  return {
    id,
    role,
    variant,
    reason,
    entry: found.entry,
    files,
    ...(found.zip === undefined ? {} : { zip: records.get(found.zip) }),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    gzipBytes: paths.reduce((sum, path) => sum + records.gzipBytes(path), 0),
    routes: routes.map(({ pattern, file, methods }) => ({ pattern, file, methods })),
    settings,
    hash: hashOf({ entry: found.entry, files, settings }),
  };
}

function triggersOf({ id, routes }: FunctionPlan): ManifestTrigger[] {
  return routes.flatMap(({ pattern, config }) =>
    config.schedule === undefined ? [] : [{ kind: "schedule", schedule: config.schedule, pattern, function: id }],
  );
}

/** One harmless request a function: its first page without parameters. */
function verifyOf({ routes }: FunctionPlan): VerifyRequest[] {
  const route = routes.find(({ pattern, methods }) => !pattern.includes("[") && methods.includes("GET"));
  return route ? [{ method: "GET", path: route.pattern }] : [];
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(printSorted(value)).digest("hex");
}
