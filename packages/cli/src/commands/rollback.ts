import { rollback } from "@godwit/deploy";
import type { Command } from "commander";
import colors from "../colors.ts";
import { createDeployCommand, type DeployShared, onEachTarget } from "../deploy/options.ts";
import { oneTarget, openProject, type SetExit } from "../options.ts";

export function command(_exit: SetExit): Command {
  return createDeployCommand("rollback", "give all traffic to an earlier release, without a build")
    .argument("[release]", "its id, of godwit releases (default: the one before the live one)")
    .action(async (release: string | undefined, options: DeployShared) => {
      // an id belongs to one target
      const target = release === undefined ? options.target : [oneTarget(options, await openProject(options))];
      await onEachTarget({ ...options, target }, "rolledBack", async ({ deployer, input, speaker }) => {
        const { from, to, changed, urls } = await rollback({ deployer, input, to: release });
        const left = from && from.id !== to.id ? `, from ${from.id}` : "";
        speaker.say(
          changed ? `${colors.green("rolled back")} to ${colors.bold(to.id)}${left}` : `${to.id} is live already`,
        );
        for (const url of urls) speaker.say(colors.cyan(url.href));
        return { from: from?.id, to: to.id, changed, urls: urls.map(({ href }) => href) };
      });
    });
}
