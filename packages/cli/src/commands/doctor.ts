import type { Command } from "commander";
import colors from "../colors.ts";
import { EXIT } from "../exit-codes.ts";
import { createCommand, openProject, type SetExit, type Shared } from "../options.ts";
import { print, printJson } from "../output.ts";
import { examine, type Finding } from "../project/doctor.ts";

export function command(exit: SetExit): Command {
  return createCommand("doctor", "check Node, the config, the routes, the env of a stage and the tools").action(
    async (options: Shared) => {
      const findings = await examine(() => openProject(options), options.stage, options.target);
      if (options.json) printJson({ findings });
      else for (const finding of findings) print(inWords(finding));
      if (findings.some(({ level }) => level === "fail")) exit(EXIT.failed);
    },
  );
}

const LEVELS = { ok: colors.green("ok  "), warn: colors.yellow("warn"), fail: colors.red("fail") };

function inWords({ check, level, code, message }: Finding): string {
  const [first, ...more] = message.split("\n");
  const head = `${LEVELS[level]} ${colors.bold(check)} ${code ? `${code} ` : ""}${first}`;
  return [head, ...more.map((line) => `     ${line}`)].join("\n");
}
