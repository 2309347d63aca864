import { type Command, InvalidArgumentError, Option } from "commander";
import { toMilliseconds } from "../deploy/duration.ts";
import { createShippingCommand, openCommand } from "../deploy/options.ts";
import { type DeployFlags, type Shipped, shipTo } from "../deploy/ship.ts";
import { createSpeaker } from "../deploy/speak.ts";
import { EXIT } from "../exit-codes.ts";
import type { SetExit } from "../options.ts";

export function command(exit: SetExit): Command {
  return createShippingCommand("deploy", "build, plan, ship, prove with real requests, then switch all traffic")
    .option("--plan", "print what would change, and change nothing: 0 nothing, 2 something")
    .option("-y, --yes", "without a question")
    .option("--prune", "delete what is not wanted any more")
    .option("--no-build", "ship what the last build wrote")
    .option("--out <folder>", "the folder of builds (default: dist in the app's folder)")
    .option("--no-verify", "switch without asking the new release anything")
    .option("--canary <shares>", "traffic in steps, such as 5%,25%,100%", toShares)
    .addOption(
      new Option("--interval <time>", "of each step of a canary: 30s, 5m").argParser(toInterval).default(60_000, "1m"),
    )
    .option("--metrics-url <url>", "where a canary's figures come from, instead of the vendor")
    .option("--serve", "with --rehearse: serve it until Ctrl-C, as on a terminal")
    .action((options: DeployFlags) => run(options, exit));
}

/** One target after the other; the first failure ends it. */
async function run(options: DeployFlags, exit: SetExit): Promise<void> {
  const { project, stage } = await openCommand(options);
  const speaker = createSpeaker(Boolean(options.json));
  const deployed: Shipped[] = [];
  try {
    const targets = options.target ?? project.targets;
    for (const target of targets) {
      const isLast = target === targets.at(-1);
      await shipTo({ project, target, stage, options, speaker, mayServe: isLast }, (shipped) => {
        deployed.push(shipped);
        // the one value comes before a rehearsal goes on to serve
        if (isLast && options.json) speaker.json({ deployed });
      });
    }
    if (options.plan && deployed.some(({ changes }) => changes)) exit(EXIT.changes);
    else if (deployed.some(({ outcome }) => outcome === "declined")) exit(EXIT.failed);
  } finally {
    speaker.end();
  }
}

function toShares(text: string): number[] {
  const shares = text.split(",").map((part) => {
    const [, number] = /^(\d{1,3}(?:\.\d+)?)\s*%$/.exec(part.trim()) ?? [];
    return number === undefined ? Number.NaN : Number(number) / 100;
  });
  const rise = shares.every((share, index) => share > (shares[index - 1] ?? 0) && share <= 1);
  if (rise) return shares;
  throw new InvalidArgumentError("It takes shares that rise, such as 5%,25%,100%.");
}

function toInterval(text: string): number {
  const found = toMilliseconds(text);
  if (found !== undefined && found > 0) return found;
  throw new InvalidArgumentError("It takes a time such as 30s, 5m or 1h.");
}
