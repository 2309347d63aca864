import type { Command } from "commander";
import colors from "../colors.ts";
import { createDeployCommand, type DeployShared, onEachTarget } from "../deploy/options.ts";
import type { SetExit } from "../options.ts";
import { table } from "../output.ts";

/** Characters of a fingerprint that are shown. */
const SHORT = 12;

export function command(_exit: SetExit): Command {
  return createDeployCommand("releases", "list what was live, the newest first, and what can be gone back to").action(
    (options: DeployShared) =>
      onEachTarget(options, "releases", async ({ deployer, stage, target, speaker }) => {
        const releases = await deployer.releases();
        speaker.say(`${colors.bold(stage)} on ${target}, ${deployer.place}`);
        if (releases.length === 0) speaker.say("nothing is deployed");
        else {
          const rows = releases.map(({ id, at, share, kept, fingerprint }) => [
            id,
            at,
            share > 0 ? `${Math.round(share * 100)} %` : "",
            share > 0 ? "live" : kept ? "kept" : "gone",
            fingerprint.slice(0, SHORT),
          ]);
          speaker.say(table(["release", "made", "traffic", "state", "fingerprint"], rows, [2]));
        }
        return { place: deployer.place, releases };
      }),
  );
}
