import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { createCommand, openProject, type SetExit, type Shared } from "../options.ts";
import { print, printJson } from "../output.ts";
import { buildTarget } from "../project/build-target.ts";
import { printFunctions, printNotices, printRoutes } from "../summary.ts";

export function command(_exit: SetExit): Command {
  return createCommand("routes", "print the functions, their routes, bytes and reasons").action(run);
}

/** Builds into a folder of its own, so that what it prints is true and `dist/` stays as it is. */
async function run(options: Shared): Promise<void> {
  const project = await openProject(options);
  const out = await mkdtemp(join(tmpdir(), "godwit-routes-"));
  try {
    const printed = [];
    for (const target of options.target ?? project.targets) {
      const result = await buildTarget(project, target, { out, stage: options.stage });
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
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}
