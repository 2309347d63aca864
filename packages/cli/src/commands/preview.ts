import { join, resolve } from "node:path";
import { platforms } from "@godwit/adapters/registry";
import { readArtefact } from "@godwit/bundler";
import type { Artefact, Emulator } from "@godwit/bundler/contracts";
import type { Command } from "commander";
import colors from "../colors.ts";
import { formatLog } from "../log-lines.ts";
import { createCommand, oneTarget, openProject, type SetExit, type Shared, toNumber } from "../options.ts";
import { note, print, printJson, showUrl, toFailure } from "../output.ts";
import { buildTarget, emulateTarget } from "../project/build-target.ts";
import type { Project, TargetName } from "../project/config.ts";
import { checkEnv } from "../project/env-check.ts";
import { untilInterrupted } from "../project/interrupt.ts";
import { createLocalStores } from "../project/local-stores.ts";
import { printFunctions, printRoutes, SCREENFUL } from "../summary.ts";

interface Options extends Shared {
  out?: string;
  build?: boolean;
  port: number;
  host: string;
  front?: string;
}

export async function command(_exit: SetExit): Promise<Command> {
  return createCommand("preview", "serve the built artefact in its platform's runtime on this machine")
    .option("--out <folder>", "the folder that holds <target>/ (default: dist in the app's folder)")
    .option("--build", "build first")
    .option("-p, --port <number>", "0 takes a free one", toNumber(0, 65_535), 3000)
    .option("--host <address>", "the address to listen on", "127.0.0.1")
    .option("--front <name>", `what stands before the functions; ${await frontsInWords()}`)
    .addHelpText(
      "after",
      "\nCtrl-C ends it, with 0. Logs go to standard error: words on a terminal, else as the functions wrote them.",
    )
    .action(run);
}

async function frontsInWords(): Promise<string> {
  const all = await Promise.all(
    Object.entries(platforms).map(async ([name, { emulate }]) => ({ name, fronts: (await emulate()).fronts })),
  );
  const words = all
    .filter(({ fronts }) => fronts.length > 0)
    .map(({ name, fronts }) => `${name}: ${fronts.join(", ")}`);
  return `${words.join("; ")} (default: the config's)`;
}

/** Serves until it is interrupted: that is its ordinary end, and 0. */
async function run(options: Options): Promise<void> {
  const project = await openProject(options);
  const target = oneTarget(options, project);
  const artefact = await findArtefact(project, target, options);
  const stores = createLocalStores({ root: project.root, keep: "redis", say: note });
  try {
    const env = await stores.values(project, target, options.stage).catch(noteFailure);
    await checkEnv(project, options.stage, target, env);
    await serve({ project, target, artefact, env }, options);
  } finally {
    await stores.close();
  }
}

/** What does without the store is served. */
function noteFailure(error: unknown): Record<string, string> {
  const { code, message } = toFailure(error);
  note(`${colors.yellow("note")} ${colors.bold(code)} ${message}`);
  return {};
}

interface Served {
  project: Project;
  target: TargetName;
  artefact: Artefact;
  env: Record<string, string>;
}

async function serve({ project, target, artefact, env }: Served, options: Options): Promise<void> {
  const { port, host, front, stage } = options;
  const emulator = await emulateTarget(project, target, artefact, { port, host, front, stage, env });
  const stopped = untilInterrupted();
  try {
    const { manifest } = artefact;
    const url = showUrl(emulator.url);
    if (options.json) {
      printJson({ url, target, functions: manifest.functions });
    } else {
      printRoutes(manifest, SCREENFUL);
      print();
      printFunctions(manifest, { most: SCREENFUL });
      print();
      print(`${colors.green("ready")} ${colors.bold(manifest.app)} on ${target}: ${colors.cyan(url)}`);
    }
    await Promise.race([stopped, printLogs(emulator, Boolean(options.json)).then(() => stopped)]);
  } finally {
    await emulator.close();
  }
}

async function findArtefact(project: Project, target: TargetName, options: Options): Promise<Artefact> {
  const out = resolve(options.out ?? join(project.root, "dist"));
  if (options.build) return (await buildTarget(project, target, { out, stage: options.stage })).artefact;
  return readArtefact(join(out, target));
}

/** Words on a terminal; the functions' own lines for a pipe. */
async function printLogs(emulator: Emulator, json: boolean): Promise<void> {
  const format = process.stderr.isTTY && !json;
  for await (const line of emulator.logs) note(format ? formatLog(line) : line.text);
}
