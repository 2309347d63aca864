import type { BuildResult } from "@godwit/bundler";
import type { Command } from "commander";
import colors from "../colors.ts";
import { EXIT } from "../exit-codes.ts";
import { createCommand, openProject, type SetExit, type Shared } from "../options.ts";
import { note, print, printError, printJson, progress, showPath, size, toFailure } from "../output.ts";
import { buildTarget } from "../project/build-target.ts";
import type { Project, TargetName } from "../project/config.ts";
import { isInterrupted } from "../project/interrupt.ts";
import { printReport, totalDifference } from "../report-lines.ts";
import { printFunctions, printNotices, SCREENFUL } from "../summary.ts";

interface Options extends Shared {
  out?: string;
  measure?: boolean;
}

interface Built extends Pick<BuildResult, "notices" | "startup"> {
  target: TargetName;
  root: string;
  functions: BuildResult["artefact"]["manifest"]["functions"];
  changes?: NonNullable<BuildResult["data"]>["changes"] | undefined;
  report?: string | undefined;
}

export function command(exit: SetExit): Command {
  return createCommand("build", "bundle the app's routes into functions for a target")
    .option("--out <folder>", "the folder that takes <target>/ (default: dist in the app's folder)")
    .option("--measure", "start each function in its platform's runtime and record CPU time")
    .action((options: Options) => run(options, exit));
}

/** Of several targets, one that fails stops no other: all are built, then it is said which were not. */
async function run(options: Options, exit: SetExit): Promise<void> {
  const project = await openProject(options);
  const targets = options.target ?? project.targets;
  const built: Built[] = [];
  const failed: { target: TargetName; error: { code: string; message: string } }[] = [];
  for (const target of targets) {
    try {
      built.push(await buildOne(project, target, options));
    } catch (error) {
      if (targets.length === 1 || isInterrupted()) throw error;
      if (!options.json) {
        note(`${colors.red("failed")} ${colors.bold(target)}`);
        printError(error, false);
      }
      failed.push({ target, error: toFailure(error) });
    }
  }
  if (options.json) printJson({ built, ...(failed.length > 0 && { failed }) });
  if (failed.length === 0) return;
  exit(EXIT.failed);
  if (options.json) return;
  const names = built.map(({ target }) => target).join(", ");
  note(`Failed: ${failed.map(({ target }) => target).join(", ")}. Built: ${names || "none"}.`);
}

async function buildOne(project: Project, target: TargetName, options: Options): Promise<Built> {
  const { out, measure, stage } = options;
  const began = performance.now();
  const result = await buildTarget(project, target, {
    out,
    measure,
    stage,
    onStep: (step) => progress(`${target}: ${step}`),
    onMeasure: (id, done, all) => progress(`${target}: measure ${id} (${done} of ${all})`),
  }).finally(() => progress(""));
  const { artefact, startup, notices, data, page } = result;
  const { functions } = artefact.manifest;
  const { root } = artefact;
  const built = { target, root, functions, notices, startup, changes: data?.changes, report: page };
  if (options.json) return built;
  const total = functions.reduce((sum, fn) => sum + fn.bytes, 0);
  const count = `${functions.length} function${functions.length === 1 ? "" : "s"}`;
  print(
    `${colors.green("built")} ${colors.bold(target)}: ${count}, ${size(total)}${data ? totalDifference(data) : ""}, in ${Math.round(performance.now() - began)} ms`,
  );
  printFunctions(artefact.manifest, { startup, most: SCREENFUL });
  printNotices(result);
  if (data) printReport(data);
  print(colors.dim(showPath(root)));
  if (page) print(colors.dim(`${showPath(page)} (godwit inspect opens it)`));
  return built;
}
