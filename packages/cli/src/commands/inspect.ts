import { join, resolve } from "node:path";
import { readReport } from "@godwit/bundler";
import type { Command } from "commander";
import colors from "../colors.ts";
import { createCommand, openProject, type SetExit, type Shared } from "../options.ts";
import { print, printJson, showPath, size } from "../output.ts";
import { openInBrowser } from "../project/browser.ts";
import { printReport, totalDifference } from "../report-lines.ts";

interface Options extends Shared {
  out?: string;
  open: boolean;
}

export function command(_exit: SetExit): Command {
  return createCommand("inspect", "open the report of the last build in the browser")
    .option("--out <folder>", "the folder that holds <target>.report/ (default: dist in the app's folder)")
    .option("--no-open", "print where it is, and open nothing")
    .addHelpText("after", "\nUnder --json it prints the report's data, and opens nothing.")
    .action(run);
}

async function run(options: Options): Promise<void> {
  const project = await openProject(options);
  const out = resolve(options.out ?? join(project.root, "dist"));
  const found = (options.target ?? project.targets).map((target) => readReport(out, target));
  if (options.json) {
    printJson({ reports: found.map(({ page, data }) => ({ page, ...data })) });
    return;
  }
  for (const { page, data } of found) {
    const { app, target, functions, bytes } = data;
    const count = `${functions.length} function${functions.length === 1 ? "" : "s"}`;
    print(`${colors.bold(app)} on ${target}: ${count}, ${size(bytes)}${totalDifference(data)}`);
    printReport(data);
    print(showPath(page));
    if (options.open) await openInBrowser(page);
  }
}
