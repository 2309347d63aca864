/**
 * The values of a stage for a deploy: those of the app's variables, and those of its secrets that are at hand.
 * @module
 */

import type { Project, TargetName } from "../project/config.ts";
import { boundNames, checkValues, loadEnv } from "../project/env-check.ts";
import { deployEnvFiles, secretEnvFiles, stageEnv } from "../project/env-files.ts";

export interface StageValues {
  vars: Record<string, string>;
  secrets: Record<string, string>;
}

/** A store of `sqlite()` on a server keeps its files there. */
const STORE_PATH = "STORE_PATH";

/**
 * Throws ENV_INVALID for variables, where they are to be `complete`. Whether the stage has a secret that is not at
 * hand, the plan knows.
 */
export async function stageValues(
  project: Project,
  { stage, target, complete, rehearse }: { stage: string; target: TargetName; complete: boolean; rehearse: boolean },
): Promise<StageValues> {
  const definition = await loadEnv(project);
  const { names = [], secrets = [] } = definition ?? {};
  const files = deployEnvFiles(stage);
  const all = await stageEnv(project.root, stage, [...names, STORE_PATH], files);
  const own = await stageEnv(project.root, stage, secrets, secretEnvFiles(stage, rehearse));
  const isSecret = new Set(secrets);
  const values = {
    ...pick(
      all,
      Object.keys(all).filter((name) => !isSecret.has(name)),
    ),
    ...pick(own, secrets),
  };
  const bound = await boundNames(project, target);
  if (definition && complete) {
    const lacking = secrets.filter((name) => values[name] === undefined);
    checkValues(definition, values, { stage, files, elsewhere: new Set([...bound, ...lacking]) });
  }
  const vars = [...names, STORE_PATH].filter((name) => !isSecret.has(name) && !bound.has(name));
  return { vars: pick(values, vars), secrets: pick(values, secrets) };
}

function pick(values: Record<string, string>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = values[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
