import type { Command } from "commander";
import colors from "../colors.ts";
import { createCommand, openProject, type SetExit, type Shared } from "../options.ts";
import { print, printJson, progress, showPath, size } from "../output.ts";
import { buildTarget } from "../project/build-target.ts";
import { printReport, totalDifference } from "../report-lines.ts";
import { printFunctions, printNotices, SCREENFUL } from "../summary.ts";

interface Options extends Shared {
  out?: string;
  measure?: boolean;
}

export function command(_exit: SetExit): Command {
  return createCommand("build", "bundle the app's routes into functions for a target")
    .option("--out <folder>", "the folder that takes <target>/ (default: dist in the app's folder)")
    .option("--measure", "start each function in its platform's runtime and record CPU time")
    .action(run);
}

async function run(options: Options): Promise<void> {
  const project = await openProject(options);
  const built = [];
  for (const target of options.target ?? project.targets) {
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
    built.push({ target, root, functions, notices, startup, changes: data?.changes, report: page });
    if (options.json) continue;
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
  }
  if (options.json) printJson({ built });
}
