import { GodwitError } from "@godwit/core/errors";
import type { LogLine } from "@godwit/deploy";
import { type Command, InvalidArgumentError, Option } from "commander";
import { toMilliseconds } from "../deploy/duration.ts";
import { withStage } from "../deploy/open.ts";
import { createDeployCommand, type DeployShared, openCommand } from "../deploy/options.ts";
import { createSpeaker } from "../deploy/speak.ts";
import { formatLog } from "../log-lines.ts";
import { oneTarget, type SetExit } from "../options.ts";
import { untilInterrupted } from "../project/interrupt.ts";

interface Options extends DeployShared {
  follow?: boolean;
  since: number;
}

export function command(_exit: SetExit): Command {
  return createDeployCommand("logs", "what the functions of a stage log")
    .option("-f, --follow", "go on with what comes, until Ctrl-C")
    .addOption(
      new Option("--since <time>", "how far back: 30s, 10m, 2h, 1d").argParser(toSince).default(600_000, "10m"),
    )
    .addHelpText("after", "\nUnder --json each line is a JSON value of its own.")
    .action(run);
}

function toSince(text: string): number {
  const found = toMilliseconds(text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError("It takes a time such as 30s, 10m, 2h or 1d.");
}

/** Until it is interrupted, which under --follow is its ordinary end. */
async function run(options: Options): Promise<void> {
  const { project, stage } = await openCommand(options);
  const target = oneTarget(options, project);
  const speaker = createSpeaker(false);
  const { follow = false, json } = options;
  const stop = new AbortController();
  if (follow) void untilInterrupted().then(() => stop.abort());
  await withStage({ project, target, stage, rehearse: Boolean(options.rehearse), speaker }, async (opened) => {
    const { deployer, input } = opened;
    if (!deployer.logs) {
      throw new GodwitError(
        "DEPLOY_LOGS_UNAVAILABLE",
        `${deployer.place} gives no logs. Look at the vendor's own pages.`,
      );
    }
    const signal = AbortSignal.any([stop.signal, input.signal]);
    let none = true;
    try {
      for await (const line of deployer.logs({ follow, since: Date.now() - options.since, signal })) {
        none = false;
        speaker.say(json ? JSON.stringify(line) : inWords(line));
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
    if (none && !follow) {
      speaker.note(
        "no lines. --follow goes on with what comes. Some platforms tell only that, and nothing of before: see docs/deploy.md, Logs",
      );
    }
  });
  speaker.end();
}

function inWords({ at, function: id, text }: LogLine): string {
  const time = process.stdout.isTTY ? `${new Date(at).toLocaleTimeString()} ` : `${new Date(at).toISOString()} `;
  return time + formatLog({ function: id, level: "info", text });
}
