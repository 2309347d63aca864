import { GodwitError } from "@godwit/core/errors";
import { removeSecret, setSecret } from "@godwit/deploy";
import { Command, InvalidArgumentError } from "commander";
import colors from "../colors.ts";
import { ask, isAttended, readInput } from "../deploy/ask.ts";
import { createDeployCommand, type DeployShared, onEachTarget } from "../deploy/options.ts";
import type { SetExit } from "../options.ts";

export function command(_exit: SetExit): Command {
  const set = createDeployCommand("set", "give a secret its value, from standard input or a hidden prompt")
    .argument("<name>", "as in env.ts", toName)
    .action(setOne);
  const list = createDeployCommand("list", "the names of the stage's secrets; no command shows a value").action(
    (options: DeployShared) =>
      onEachTarget(options, "secrets", async ({ deployer, speaker }) => {
        const names = [...(await deployer.secrets.list())].sort();
        for (const name of names) speaker.say(name);
        if (names.length === 0) speaker.note("the stage has no secrets");
        return { names };
      }),
  );
  const rm = createDeployCommand("rm", "take a secret away from the stage")
    .argument("<name>", "as in godwit secrets list", toName)
    .action((name: string, options: DeployShared) =>
      onEachTarget(options, "removed", async ({ deployer, input, speaker }) => {
        const removed = await removeSecret({ deployer, input, name });
        speaker.say(removed ? `${colors.green("removed")} ${name}` : `${name} was not there`);
        return { name, removed };
      }),
    );
  const all = new Command("secrets").description("the secrets of a stage, kept in the vendor's own store");
  for (const one of [set, list, rm]) all.addCommand(one.exitOverride());
  return all;
}

async function setOne(name: string, options: DeployShared): Promise<void> {
  const value = await readValue(name, options);
  await onEachTarget(options, "set", async ({ deployer, input, stage, speaker }) => {
    await setSecret({ deployer, input, name, value });
    speaker.say(
      `${colors.green("set")} ${name} of ${stage}. Functions get it with the next deploy, where env.ts declares it.`,
    );
    return { name };
  });
}

/** Never from the command line, which other users and the shell's history see. Throws SECRET_EMPTY, SECRET_NOT_TEXT. */
async function readValue(name: string, { json }: DeployShared): Promise<string> {
  const attended = isAttended(json);
  const given = attended ? ((await ask(`Value of ${name} (not shown): `, { hidden: true })) ?? "") : await readInput();
  if (given === undefined || given.includes("\0")) {
    // it becomes an environment variable, and would come out there as something else
    throw new GodwitError(
      "SECRET_NOT_TEXT",
      `The value of ${name} is not text in UTF-8 without zero bytes. Encode it, such as with \`base64\`, and decode it in the app.`,
    );
  }
  const value = given.replace(/\r?\n$/, "");
  if (value !== "") return value;
  throw new GodwitError(
    "SECRET_EMPTY",
    `No value for ${name} came. Pipe it in: \`godwit secrets set ${name} < file\`, or type it at the prompt.`,
  );
}

function toName(text: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(text)) return text;
  const hint = text.includes("=")
    ? " Its value comes from standard input or a prompt, never from the command line."
    : "";
  throw new InvalidArgumentError(`A secret is named with letters, digits and underscores.${hint}`);
}
