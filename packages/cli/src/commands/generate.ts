import { join, resolve } from "node:path";
import { isCron, scanApp } from "@godwit/bundler";
import { Argument, Command, InvalidArgumentError } from "commander";
import colors from "../colors.ts";
import { type Generated, METHODS, type Method, middlewareFile, routeFile, scheduleFile } from "../init/generate.ts";
import { writeAll } from "../init/write.ts";
import type { SetExit } from "../options.ts";
import { print, printJson, showPath } from "../output.ts";

type Kind = "route" | "middleware" | "schedule";

interface Options {
  root: string;
  methods: Method[];
  cron: string;
  json?: boolean;
}

export function command(_exit: SetExit): Command {
  return new Command("generate")
    .description("write a route, a middleware or a schedule as the docs show it")
    .addArgument(new Argument("<kind>", "what to write").choices(["route", "middleware", "schedule"]))
    .argument("[name]", "its path in routes/, such as users/[id]; of a middleware its folder (default: routes/ itself)")
    .option("--root <folder>", "the app's folder", ".")
    .option("--methods <names>", "of a route, with commas", toMethods, ["GET"])
    .option("--cron <fields>", "of a schedule: five fields in UTC", toCron, "0 3 * * *")
    .option("--json", "print one JSON value, of an error too")
    .addHelpText(
      "after",
      '\nExamples:\n  godwit generate route "users/[id]" --methods GET,DELETE\n  godwit generate middleware admin\n  godwit generate schedule nightly --cron "0 3 * * *"\n\nExit codes: 0 ok, 1 failed, 64 wrong usage, 130 interrupted.',
    )
    .action(run);
}

function toMethods(text: string): Method[] {
  const names = text.split(",").map((name) => {
    const known = METHODS.find((method) => method === name.trim().toUpperCase());
    if (known) return known;
    throw new InvalidArgumentError(`There is no method ${JSON.stringify(name)}; there are ${METHODS.join(", ")}.`);
  });
  return METHODS.filter((method) => names.includes(method));
}

function toCron(text: string): string {
  if (isCron(text)) return text;
  throw new InvalidArgumentError('It takes five cron fields in UTC, in numbers, such as "*/5 * * * *".');
}

async function run(kind: Kind, name: string | undefined, options: Options, self: Command): Promise<void> {
  if (name === undefined && kind !== "middleware") {
    self.error(`error: a ${kind} takes a name, such as ${kind === "route" ? "users/[id]" : "nightly"}`);
  }
  const root = resolve(options.root);
  const generated = generate(kind, name ?? "", options);
  await scanApp(root); // an app that is broken already must not look as if the new file broke it
  const { file, text, pattern } = generated;
  const undo = writeAll(root, { create: { [file]: text } });
  try {
    await scanApp(root); // what claims one path twice, or has no matcher, fails here as in a build
  } catch (error) {
    undo();
    throw error;
  }
  if (options.json) printJson({ kind, file, pattern });
  else print(`${colors.green("wrote")} ${colors.bold(showPath(join(root, file)))}, ${words(kind, pattern, options)}`);
}

function generate(kind: Kind, name: string, { methods, cron }: Options): Generated {
  if (kind === "middleware") return middlewareFile(name);
  return kind === "route" ? routeFile(name, methods) : scheduleFile(name, cron);
}

function words(kind: Kind, pattern: string, { methods, cron }: Options): string {
  if (kind === "middleware") return `around ${pattern} and what is below it`;
  return kind === "route"
    ? `which answers ${methods.join(", ")} ${pattern}`
    : `which calls GET ${pattern} at ${cron} (UTC)`;
}
