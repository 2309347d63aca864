import { join, resolve } from "node:path";
import { readArtefact } from "@godwit/bundler";
import type { Artefact, Emulator } from "@godwit/bundler/contracts";
import type { Command } from "commander";
import colors from "picocolors";
import { createCommand, oneTarget, openProject, type SetExit, type Shared, toNumber } from "../options.ts";
import { note, print, printJson } from "../output.ts";
import { buildTarget, emulateTarget } from "../project/build-target.ts";
import type { Project, TargetName } from "../project/config.ts";
import { printFunctions, printRoutes } from "../summary.ts";

interface Options extends Shared {
  out?: string;
  build?: boolean;
  port: number;
  host: string;
  front?: string;
}

export function command(_exit: SetExit): Command {
  return createCommand("preview", "serve the built artefact in its platform's runtime on this machine")
    .option("--out <folder>", "the folder that holds <target>/ (default: dist in the app's folder)")
    .option("--build", "build first")
    .option("-p, --port <number>", "0 takes a free one", toNumber(0, 65_535), 3000)
    .option("--host <address>", "the address to listen on", "127.0.0.1")
    .option("--front <name>", "which front to play, where the platform has several")
    .action(run);
}

/** Serves until it is interrupted: that is its ordinary end, and 0. */
async function run(options: Options): Promise<void> {
  const project = await openProject(options);
  const target = oneTarget(options, project);
  const artefact = await findArtefact(project, target, options);
  const { port, host, front, stage } = options;
  const emulator = await emulateTarget(project, target, artefact, { port, host, front, stage });
  try {
    const { manifest } = artefact;
    if (options.json) {
      printJson({ url: emulator.url.href, target, functions: manifest.functions });
    } else {
      printRoutes(manifest);
      print();
      printFunctions(manifest);
      print();
      print(`${colors.green("ready")} ${colors.bold(manifest.app)} on ${target}: ${colors.cyan(emulator.url.href)}`);
    }
    const stopped = interrupted();
    await Promise.race([stopped, printLogs(emulator).then(() => stopped)]);
  } finally {
    await emulator.close();
  }
}

async function findArtefact(project: Project, target: TargetName, options: Options): Promise<Artefact> {
  const out = resolve(options.out ?? join(project.root, "dist"));
  if (options.build) return (await buildTarget(project, target, { out, stage: options.stage })).artefact;
  return readArtefact(join(out, target));
}

async function printLogs(emulator: Emulator): Promise<void> {
  for await (const { function: id, level, text } of emulator.logs) {
    const paint = level === "error" ? colors.red : level === "warn" ? colors.yellow : (words: string) => words;
    note(`${colors.dim(id)} ${paint(text)}`);
  }
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}
