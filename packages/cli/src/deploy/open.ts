/**
 * A stage of an app on a target, opened: what every deploy command begins with.
 * @module
 */
import { platforms } from "@godwit/adapters/registry";
import { GodwitError } from "@godwit/core/errors";
import {
  type BuiltArtefact,
  type Deployer,
  type DeployerModule,
  type DeployInput,
  deployers,
  guarded,
  redactOf,
  systemClock,
} from "@godwit/deploy";
import { toFailure } from "../output.ts";
import type { Project, TargetName } from "../project/config.ts";
import { secretEnvFiles } from "../project/env-files.ts";
import { closeOnInterrupt } from "../project/interrupt.ts";
import { createLocalStores, type LocalStores } from "../project/local-stores.ts";
import { openRehearsal, type Rehearsal, rehearsalFolder } from "./rehearsal.ts";
import type { Speaker } from "./speak.ts";
import { type StageValues, stageValues } from "./values.ts";

export interface OpenOptions {
  project: Project;
  target: TargetName;
  stage: string;
  rehearse: boolean;
  speaker: Speaker;
  artefact?: BuiltArtefact;
}

export interface Opened {
  deployer: Deployer;
  input: DeployInput;
  vendor: string;
  /** Where the calls go, under `--rehearse` and where the vendor has one. */
  rehearsal?: Rehearsal;
}

/** Variables of the shell that a rehearsal sees: none of them leads to an account. */
const HARMLESS = ["PATH", "HOME", "USER", "USERPROFILE", "TMPDIR", "TEMP", "SystemRoot", "LANG", "TERM", "NO_COLOR"];

/**
 * Opens it, does the work, and closes it; an interrupt stops the work between two calls and is waited for.
 * Throws DEPLOY_APP_UNNAMED, ENV_INVALID, DEPLOY_CONFIG_INVALID, and what the vendor throws for its credentials.
 */
export async function withStage<T>(options: OpenOptions, work: (opened: Opened) => Promise<T>): Promise<T> {
  const { project, speaker } = options;
  await readVendor(options);
  const controller = new AbortController();
  const ending = Promise.withResolvers<void>();
  const forget = closeOnInterrupt(async () => {
    controller.abort(new GodwitError("INTERRUPTED", "Interrupted."));
    await ending.promise;
    speaker.end();
    speaker.note("interrupted: what has the traffic keeps it, and the same command goes on where this one stopped");
  });
  const stores = createLocalStores({ root: project.root, keep: "redis-rehearsal", say: speaker.note });
  try {
    const local = await standInsFor(options, stores);
    const values = await stageValues(project, { ...options, manifest: options.artefact?.manifest, local });
    const env = { ...process.env };
    return await guarded({ secrets: values.secrets, env }, async () => {
      const opened = await open(options, values, controller.signal);
      try {
        return await work(opened);
      } finally {
        await opened.deployer.close();
        await opened.rehearsal?.close();
      }
    });
  } finally {
    await stores.close();
    forget();
    ending.resolve();
  }
}

/** What a rehearsal gives stores that have no values: nobody but this machine is reached there. */
async function standInsFor(
  { project, target, stage, rehearse, speaker, artefact }: OpenOptions,
  stores: LocalStores,
): Promise<Record<string, string>> {
  if (!rehearse || !artefact) return {};
  try {
    return await stores.values(project, target, stage, { files: secretEnvFiles(stage, rehearse) });
  } catch (error) {
    const { code, message } = toFailure(error);
    speaker.note(`note ${code} ${message}`);
    return {}; // which variables are missing is said next
  }
}

interface Vendor {
  name: string;
  module: DeployerModule;
  /** With the defaults filled in. */
  settings: unknown;
  /** Its control plane on this machine, where this is a rehearsal and it has one. */
  own: DeployerModule["rehearse"];
}

/** What the config says of the vendor. Throws DEPLOY_APP_UNNAMED and DEPLOY_CONFIG_INVALID: before a build, too. */
export async function readVendor({
  project,
  target,
  rehearse,
}: Pick<OpenOptions, "project" | "target" | "rehearse">): Promise<Vendor> {
  if (project.name === "app") {
    throw new GodwitError(
      "DEPLOY_APP_UNNAMED",
      "What is deployed is found by the app's name, and this one has none. Set `name` in godwit.config.ts or package.json.",
    );
  }
  const { target: built } = await platforms[target].target();
  const vendor = built.deployer;
  const load = deployers[vendor];
  if (!load)
    throw new GodwitError("DEPLOYER_UNKNOWN", `Nobody deploys to ${vendor}. Report this as a bug of ${target}.`);
  const module = await load();
  const own = rehearse ? module.rehearse : undefined;
  const given = { ...(project.deploy[vendor as keyof typeof project.deploy] as object | undefined) }; // the slice of a vendor
  const settings = module.parseSettings(rehearse && !own ? onThisMachine(given, project.root, vendor) : given);
  return { name: vendor, module, settings, own };
}

async function open(options: OpenOptions, values: StageValues, signal: AbortSignal): Promise<Opened> {
  const { project, stage, rehearse, speaker, artefact } = options;
  const { name: vendor, module, settings, own } = await readVendor(options);
  const rehearsal = own ? await openRehearsal(project.root, vendor, own) : undefined;
  const shell = rehearsal ? pick(process.env, HARMLESS) : process.env;
  const input: DeployInput = {
    app: project.name,
    stage,
    ...(artefact && { artefact }),
    settings,
    ...values,
    env: { ...shell, ...rehearsal?.env },
    clock: systemClock,
    signal,
    warn: (line) => speaker.note(`note ${line}`),
    ...(rehearse && { flags: "--rehearse" }),
  };
  // not what a rehearsal takes for credentials: its user needs them, and nobody else takes them
  speaker.mask(redactOf({ secrets: values.secrets, env: process.env }));
  try {
    return { deployer: await module.open(input), input, vendor, ...(rehearsal && { rehearsal }) };
  } catch (error) {
    await rehearsal?.close();
    throw error;
  }
}

/** A vendor without a control plane is rehearsed beside the app, whatever host the config names. */
function onThisMachine(given: object, root: string, vendor: string): Record<string, unknown> {
  const { host: _, url: __, startCommand: ___, node: ____, ...rest } = given as Record<string, unknown>; // checked by the vendor
  return { ...rest, path: rehearsalFolder(root, vendor) };
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(names.map((name) => [name, env[name]]));
}
