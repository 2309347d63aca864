import { destroy } from "@godwit/deploy";
import type { Command } from "commander";
import colors from "../colors.ts";
import { ask, isAttended } from "../deploy/ask.ts";
import { createDeployCommand, type DeployShared, onEachTarget } from "../deploy/options.ts";
import { count } from "../deploy/speak.ts";
import { unconfirmed } from "../deploy/unconfirmed.ts";
import { EXIT } from "../exit-codes.ts";
import type { SetExit } from "../options.ts";

interface Options extends DeployShared {
  yes?: boolean;
}

export function command(exit: SetExit): Command {
  return createDeployCommand("destroy", "take a stage away: its functions, releases and secrets")
    .option("-y, --yes", "without a question")
    .action((options: Options) =>
      onEachTarget(options, "destroyed", async ({ deployer, input, stage, target, speaker }) => {
        const result = await destroy({
          deployer,
          input,
          async confirm({ things, lost, releases, secrets }) {
            speaker.say(`${colors.bold(input.app)} as ${colors.bold(stage)} on ${target}, ${deployer.place}`);
            for (const id of things) {
              speaker.say(`  ${colors.red("-")} ${id.replace("/", " ")}`);
              if (lost[id]) speaker.say(`      ${colors.red("cannot be undone")}: ${lost[id]}`);
            }
            for (const name of secrets) speaker.say(`  ${colors.red("-")} secret ${name}`);
            speaker.say(`  ${colors.red("-")} ${count(releases.length, "release")}`);
            if (options.yes) return true;
            if (!isAttended(options.json)) throw unconfirmed("Nothing was removed.");
            return (await ask(`This cannot be undone. Type ${stage} to remove it all: `))?.trim() === stage;
          },
          onDone: (id, done, all) => speaker.at(`removed ${id} (${done} of ${all})`),
        });
        const where = `${stage} on ${target}`;
        if (result.outcome === "nothing") speaker.say(`nothing of ${where} is there`);
        else if (result.outcome === "declined") {
          speaker.say("nothing was removed");
          exit(EXIT.failed);
        } else speaker.done(`${colors.green("removed")} ${where}`);
        return { ...result };
      }),
    );
}
