/**
 * `env.ts` against the values of a stage, before a request finds out.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleModule } from "@godwit/bundler";
import { EnvError } from "@godwit/core";
import { GodwitError } from "@godwit/core/errors";
import type { EnvDefinition } from "@godwit/core/types";
import type { Project, TargetName } from "./config.ts";
import { envFiles, layUnder, stageEnv } from "./env-files.ts";

const FILES = ["ts", "mts", "js", "mjs", "tsx", "jsx"].map((extension) => `env.${extension}`);

/**
 * How many variables env.ts declares; undefined without one. `local` counts where the stage has no value. Throws
 * ENV_INVALID, ENV_FAILED and ENV_FILE_UNREADABLE; never tells a value.
 */
export async function checkEnv(
  project: Project,
  stage: string,
  target: TargetName,
  local: Record<string, string> = {},
): Promise<number | undefined> {
  const definition = await loadEnv(project);
  const values = layUnder(local, await stageEnv(project.root, stage, definition?.names ?? []));
  if (!definition) return undefined;
  checkValues(definition, values, { stage, files: envFiles(stage), elsewhere: await boundNames(project, target) });
  return definition.names.length;
}

/** The app's `env.ts`, where it has one. Throws ENV_FAILED. */
export async function loadEnv(project: Project): Promise<EnvDefinition | undefined> {
  const file = FILES.find((name) => existsSync(join(project.root, name)));
  return file ? loadDefinition(project.root, file) : undefined;
}

export interface ValuesOf {
  stage: string;
  /** Where the values are from, for the message. */
  files: readonly string[];
  /** Names that are bound in another way: that they lack a value here is no fault. */
  elsewhere: ReadonlySet<string>;
}

/** Throws ENV_INVALID with every name that is missing or wrong; never tells a value. */
export function checkValues(
  definition: EnvDefinition,
  values: Record<string, string>,
  { stage, files, elsewhere }: ValuesOf,
): void {
  try {
    definition.parse(values);
  } catch (error) {
    if (!isEnvError(error)) throw error;
    const issues = error.issues.filter(({ name }) => !elsewhere.has(name));
    if (issues.length > 0) {
      const lacking = new EnvError(issues);
      lacking.message += `\nValues of the stage ${stage} come from ${files.join(", ")} and the shell.`;
      throw lacking;
    }
  }
}

/** The app may have a core of its own, whose class is another. */
function isEnvError(error: unknown): error is EnvError {
  return error instanceof EnvError || (error instanceof Error && "code" in error && error.code === "ENV_INVALID");
}

async function loadDefinition(root: string, file: string): Promise<EnvDefinition> {
  try {
    const path = await bundleModule({ root, file });
    const { default: definition } = (await import(pathToFileURL(path).href)) as { default?: EnvDefinition }; // checked next
    if (typeof definition?.parse === "function") return definition;
  } catch (cause) {
    if (cause instanceof GodwitError) throw cause;
    throw new GodwitError("ENV_FAILED", `${file} threw while it was loaded: ${(cause as Error).message}`, { cause });
  }
  throw new GodwitError("ENV_FAILED", `${file} must export default defineEnv({ ... }).`);
}

/** What the target's own slice of the config binds by name, such as a Worker's `kv` and `vars`: no `.env` file has it. */
export async function boundNames(project: Project, target: TargetName): Promise<Set<string>> {
  const slice = await project.slice(target);
  if (!slice || typeof slice !== "object") return new Set();
  const records = Object.values(slice).filter((value) => value && typeof value === "object" && !Array.isArray(value));
  return new Set(records.flatMap((record) => Object.keys(record)));
}
