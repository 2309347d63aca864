/**
 * The values of a stage for a deploy: those of the app's variables, and those of its secrets that are at hand.
 * @module
 */
import { chooseStores } from "@godwit/bundler";
import { EnvError } from "@godwit/core";
import type { Manifest } from "@godwit/core/manifest";
import type { Project, TargetName } from "../project/config.ts";
import { boundNames, checkValues, loadEnv } from "../project/env-check.ts";
import { deployEnvFiles, layUnder, secretEnvFiles, stageEnv } from "../project/env-files.ts";

export interface StageValues {
  vars: Record<string, string>;
  secrets: Record<string, string>;
}

/** A store of `sqlite()` on a server keeps its files there. */
const STORE_PATH = "STORE_PATH";

export interface ValuesOptions {
  stage: string;
  target: TargetName;
  rehearse: boolean;
  /** What is deployed: its variables must have values then. */
  manifest?: Manifest | undefined;
  /** Values that count where the stage has none. */
  local?: Record<string, string> | undefined;
}

/**
 * Throws ENV_INVALID for variables, where they are to be complete. Whether the stage has a secret that is not at
 * hand, the plan knows.
 */
export async function stageValues(
  project: Project,
  { stage, target, rehearse, manifest, local = {} }: ValuesOptions,
): Promise<StageValues> {
  const definition = await loadEnv(project);
  const stores = storeVariables(project, target);
  const names = [...new Set([...(definition?.names ?? []), ...stores.vars.keys()])];
  const secrets = [...new Set([...(definition?.secrets ?? []), ...stores.secrets])];
  const files = deployEnvFiles(stage);
  const all = await stageEnv(project.root, stage, [...names, STORE_PATH], files);
  const own = await stageEnv(project.root, stage, secrets, secretEnvFiles(stage, rehearse));
  const isSecret = new Set(secrets);
  const values = layUnder(local, {
    ...pick(
      all,
      Object.keys(all).filter((name) => !isSecret.has(name)),
    ),
    ...pick(own, secrets),
  });
  const bound = await boundNames(project, target);
  if (manifest) {
    const lacking = secrets.filter((name) => values[name] === undefined);
    const elsewhere = new Set([...bound, ...lacking]);
    if (definition) checkValues(definition, values, { stage, files, elsewhere });
    const unset = manifest.env.vars.filter((name) => !values[name] && !elsewhere.has(name) && stores.vars.get(name));
    if (unset.length > 0) throw unsetError(unset, stores.vars, { stage, files });
  }
  const vars = [...names, STORE_PATH].filter((name) => !isSecret.has(name) && !bound.has(name));
  return { vars: pick(values, vars), secrets: pick(values, secrets) };
}

/** What the drivers of a target read, and the store that needs it: undefined where a deploy makes what stands behind it. */
function storeVariables(project: Project, target: TargetName) {
  const drivers = Object.entries(chooseStores(project.build, target));
  return {
    vars: new Map(
      drivers.flatMap(([store, { env, resources = [] }]) =>
        (env?.vars ?? []).map((name) => [name, resources.length > 0 ? undefined : store] as const),
      ),
    ),
    secrets: drivers.flatMap(([, { env }]) => env?.secrets ?? []),
  };
}

function unsetError(
  names: readonly string[],
  stores: ReadonlyMap<string, string | undefined>,
  { stage, files }: { stage: string; files: readonly string[] },
): EnvError {
  const error = new EnvError(
    names.map((name) => ({ name, message: `is not set: the store "${stores.get(name)}" reads it` })),
  );
  error.message = `Stores lack variables.${error.message.slice(error.message.indexOf("\n"))}\nValues of the stage ${stage} come from ${files.join(", ")} and the shell.`;
  return error;
}

function pick(values: Record<string, string>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = values[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
