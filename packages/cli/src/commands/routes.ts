import type { Command } from "commander";
import { createCommand, openProject, type SetExit, type Shared } from "../options.ts";
import { print, printJson, progress } from "../output.ts";
import { buildTarget } from "../project/build-target.ts";
import { withTemporary } from "../project/interrupt.ts";
import { printFunctions, printNotices, printRoutes } from "../summary.ts";

export function command(_exit: SetExit): Command {
  return createCommand("routes", "print the functions, their routes, bytes and reasons").action(run);
}

/** Builds into a folder of its own, so that what it prints is true and `dist/` stays as it is. */
async function run(options: Shared): Promise<void> {
  const project = await openProject(options);
  await withTemporary("routes", async (out) => {
    const printed = [];
    for (const target of options.target ?? project.targets) {
      const onStep = (step: string) => progress(`${target}: ${step}`);
      const result = await buildTarget(project, target, { out, stage: options.stage, report: false, onStep }).finally(
        () => progress(""),
      );
      const { manifest } = result.artefact;
      printed.push({ target, functions: manifest.functions, front: manifest.front, notices: result.notices });
      if (options.json) continue;
      print(`${target} (front: ${manifest.front.kind})`);
      printRoutes(manifest);
      print();
      printFunctions(manifest);
      printNotices(result);
      print();
    }
    if (options.json) printJson({ targets: printed });
  });
}
