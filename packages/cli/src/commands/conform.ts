import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { platforms } from "@godwit/adapters/registry";
import { GodwitError } from "@godwit/core/errors";
import type { Command } from "commander";
import colors from "../colors.ts";
import { type ConformRun, conform, type Outcome, runName } from "../conform/conform.ts";
import { parseRequests } from "../conform/requests.ts";
import { EXIT } from "../exit-codes.ts";
import { createCommand, openProject, type SetExit, type Shared } from "../options.ts";
import { note, print, printJson } from "../output.ts";
import { TARGETS } from "../project/config.ts";

interface Options extends Shared {
  fronts?: boolean;
}

export function command(exit: SetExit): Command {
  return createCommand("conform", "replay requests on every target and show where answers differ")
    .argument("[file]", "a JSON table of requests (default: the config's verify)")
    .option("--fronts", "every front of a platform, not its default alone")
    .action(async (file: string | undefined, options: Options) => {
      const outcomes = await run(file, options);
      if (outcomes.some((outcome) => outcome.faults.length > 0)) exit(EXIT.failed);
    });
}

async function run(file: string | undefined, options: Options): Promise<Outcome[]> {
  const project = await openProject(options);
  if (!file && project.verify.length === 0) {
    throw new GodwitError(
      "CONFORM_REQUESTS_MISSING",
      "There are no requests to send. Name a JSON table (godwit conform requests.json), or fill verify in the config.",
    );
  }
  const requests = file ? await readTable(file) : parseRequests(project.verify.map(toRow), "verify in the config");
  const runs: ConformRun[] = [];
  for (const target of options.target ?? TARGETS) {
    const { fronts } = await platforms[target].emulate();
    if (options.fronts && fronts.length) runs.push(...fronts.map((front) => ({ target, front })));
    else runs.push({ target });
  }
  const outcomes: Outcome[] = [];
  if (!options.json) note(colors.dim(`${requests.length} requests on ${runs.map(runName).join(", ")}`));
  for await (const outcome of conform({ root: options.root, requests, runs, stage: options.stage })) {
    outcomes.push(outcome);
    if (!options.json) printOutcome(outcome);
  }
  const failed = outcomes.filter((outcome) => outcome.faults.length > 0).length;
  const skipped = outcomes.filter((outcome) => outcome.skipped !== undefined).length;
  if (options.json) printJson({ runs: runs.map(runName), outcomes });
  else print(`${outcomes.length - failed - skipped} alike, ${failed} different, ${skipped} passed over`);
  return outcomes;
}

async function readTable(file: string): Promise<ReturnType<typeof parseRequests>> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(resolve(file), "utf8"));
  } catch (cause) {
    throw new GodwitError(
      "CONFORM_REQUESTS_UNREADABLE",
      `${file} cannot be read as JSON: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
  return parseRequests(value, file);
}

function toRow({ method, path, status }: { method: string; path: string; status?: number }): Record<string, unknown> {
  return { method, path, ...(status !== undefined && { expect: { status } }) };
}

function printOutcome({ run, request, faults, skipped }: Outcome): void {
  if (skipped !== undefined) print(`${colors.yellow("skip")} ${run} ${request}: ${skipped}`);
  else if (faults.length === 0) print(`${colors.green("ok  ")} ${run} ${request}`);
  else print(`${colors.red("fail")} ${run} ${request}\n${faults.map((fault) => `       ${fault}`).join("\n")}`);
}
