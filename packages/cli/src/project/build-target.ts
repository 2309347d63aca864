/**
 * One build of one target, as every command does it.
 * @module
 */
import { join } from "node:path";
import { platforms } from "@godwit/adapters/registry";
import { type BuildResult, build, type ReportPlatform, type Step } from "@godwit/bundler";
import type { Artefact, EmulateOptions, Emulator, Startup } from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";
import { type Project, TARGETS, type TargetName } from "./config.ts";
import { stageEnv } from "./env-files.ts";
import { closeOnInterrupt, keepSignals } from "./interrupt.ts";
import { loadTools } from "./tools.ts";

export interface BuildTargetOptions {
  out?: string;
  /** Whose `.env` files are read. Default `dev`. */
  stage?: string;
  measure?: boolean;
  /** Whether a report is written. Default true; an artefact that does not stay needs none. */
  report?: boolean;
  /** Laid over the target's slice of the config. */
  override?: Record<string, unknown>;
  onStep?(step: Step): void;
  /** Called before each function is measured. */
  onMeasure?(id: string, done: number, all: number): void;
}

/** Builds a target of a project. */
export async function buildTarget(
  project: Project,
  name: TargetName,
  options: BuildTargetOptions = {},
): Promise<BuildResult> {
  const { target } = await platforms[name].target();
  const { out, stage = "dev", override, report = true, onStep } = options;
  return build({
    root: project.root,
    app: project.name,
    target,
    targetConfig: await project.slice(name, override),
    config: project.build,
    adaptersFrom: import.meta.url,
    ...(report && { platforms: await allPlatforms(project) }),
    secretValues: await stageEnv(project.root, stage, Object.keys(process.env)),
    ...(out !== undefined && { out }),
    ...(onStep && { onStep }),
    ...(options.measure && { measure: (artefact: Artefact) => measureAll(project, name, artefact, options) }),
  });
}

/** For the report: where else a route could run. A slice of the config that is wrong matters when it is built for. */
async function allPlatforms(project: Project): Promise<ReportPlatform[]> {
  const found = await Promise.all(
    TARGETS.map(async (name) => {
      const { target } = await platforms[name].target();
      const slice = await project.slice(name).then(
        (targetConfig) => ({ targetConfig }),
        () => undefined,
      );
      return slice ? [{ target, ...slice }] : [];
    }),
  );
  return found.flat();
}

/** Starts a built artefact in its platform's runtime on this machine. */
export async function emulateTarget(
  project: Project,
  name: TargetName,
  artefact: Artefact,
  options: EmulateOptions & { stage?: string } = {},
): Promise<Emulator> {
  const { stage = "dev", ...rest } = options;
  const { emulate, tools, toolsFor, fronts } = await platforms[name].emulate();
  if (rest.front !== undefined && !fronts.includes(rest.front)) {
    const known = fronts.length ? `It has ${fronts.join(", ")}.` : "It has only one.";
    throw new GodwitError("FRONT_UNKNOWN", `${name} has no front called ${rest.front}. ${known}`);
  }
  const { vars, secrets } = artefact.manifest.env;
  // Where sqlite() keeps its files: the artefact's own folder is replaced by each build.
  const stores: Record<string, string> = project.build.stores
    ? { STORE_PATH: join(project.root, ".godwit/stores") }
    : {};
  const values = await stageEnv(project.root, stage, ["STORE_PATH", ...vars, ...secrets]);
  const env = { ...stores, ...values, ...rest.env };
  const loaded = await loadTools(project.root, { ...tools, ...toolsFor?.(artefact.manifest) });
  const starting = keepSignals(() => emulate(artefact, loaded, { ...rest, env }));
  const forget = closeOnInterrupt(async () => (await starting).close());
  try {
    const emulator = await starting;
    const close = emulator.close.bind(emulator);
    emulator.close = () => {
      forget();
      return close();
    };
    return emulator;
  } catch (error) {
    forget();
    throw error;
  }
}

async function measureAll(
  project: Project,
  name: TargetName,
  artefact: Artefact,
  { stage, onMeasure }: BuildTargetOptions,
): Promise<Record<string, Startup>> {
  const emulator = await emulateTarget(project, name, artefact, { stage });
  try {
    const startups: Record<string, Startup> = {};
    const { functions } = artefact.manifest;
    for (const [index, { id }] of functions.entries()) {
      onMeasure?.(id, index, functions.length);
      startups[id] = await emulator.measure(id);
    }
    return startups;
  } finally {
    await emulator.close();
  }
}
