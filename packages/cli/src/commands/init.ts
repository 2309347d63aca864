import { relative, resolve } from "node:path";
import { isCancel, select, text } from "@clack/prompts";
import { platforms } from "@godwit/adapters/registry";
import { GodwitError } from "@godwit/core/errors";
import { Command, Option } from "commander";
import colors from "../colors.ts";
import { EXIT } from "../exit-codes.ts";
import { findManager, install, type Manager, runBin, runScript } from "../init/manager.ts";
import { type InitPlan, isPackage, planInit, workspaceAdvice } from "../init/plan.ts";
import { writeAll } from "../init/write.ts";
import type { SetExit } from "../options.ts";
import { note, print, printJson } from "../output.ts";
import { TARGETS, type TargetName } from "../project/config.ts";
import { installCommand, installTools, isInstalled } from "../project/tools.ts";

interface Options {
  target?: TargetName;
  name?: string;
  yes?: boolean;
  install: boolean;
  json?: boolean;
}

export function command(exit: SetExit): Command {
  return new Command("init")
    .description("make a first app, or add Godwit to a package; what is there stays as it is")
    .argument("[folder]", "a new folder, or a package's (default: this one)")
    .addOption(
      new Option("-t, --target <name>", "what commands build without --target (default: node)").choices(TARGETS),
    )
    .option("--name <name>", "the app's name (default: the folder's)")
    .option("-y, --yes", "ask nothing")
    .option("--no-install", "write the files, and do not run the package manager")
    .option("--json", "print one JSON value, of an error too; asks nothing")
    .addHelpText("after", "\nExit codes: 0 ok, 1 failed, 64 wrong usage, 130 interrupted.")
    .action(async (folder: string | undefined, options: Options) => {
      const isAsking = !options.yes && !options.json && process.stdin.isTTY && process.stdout.isTTY && !process.env.CI;
      const answers = isAsking
        ? await ask(folder, options)
        : { folder: folder ?? ".", target: options.target ?? ("node" as const) };
      if (answers) await run(answers.folder, answers.target, options);
      else exit(EXIT.interrupted);
    });
}

/** Two questions at most; undefined when they were broken off. */
async function ask(
  given: string | undefined,
  options: Options,
): Promise<{ folder: string; target: TargetName } | undefined> {
  const initial = isPackage(".") ? "." : "my-app";
  const folder =
    given ??
    (await text({
      message: "Which folder?",
      placeholder: initial,
      defaultValue: initial,
      validate: (value) => objection(value || initial, options),
    }));
  if (isCancel(folder)) return undefined;
  const target =
    options.target ??
    (await select({
      message: "Where will it run? The same app builds for all; this is the default.",
      options: [...TARGETS].sort((a, b) => Number(b === "node") - Number(a === "node")).map((value) => ({ value })),
    }));
  return isCancel(target) ? undefined : { folder, target };
}

/** Why a folder will not do, said while it can be typed again. */
function objection(folder: string, { name }: Options): string | undefined {
  try {
    planInit(resolve(folder), { target: "node", manager: "npm", name });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function run(folder: string, target: TargetName, options: Options): Promise<void> {
  const root = resolve(folder);
  const manager = findManager(root, process.env.npm_config_user_agent);
  const plan = planInit(root, { target, manager, name: options.name });
  writeAll(root, plan);
  if (!options.json) printPlan(plan, target);
  const advice = manager === "pnpm" ? workspaceAdvice(root) : undefined;
  if (advice) note(advice.trimEnd());
  if (options.install) {
    note(colors.dim(`${manager} install`));
    const why = await install(root, manager);
    if (why) {
      throw new GodwitError(
        "INSTALL_FAILED",
        `The app is written, but \`${manager} install\` failed in ${root}: ${why}. Run it there again.`,
      );
    }
    await addTools(root, target);
  }
  const next = nextOf(root, manager, options.install, plan.scripts);
  if (options.json) {
    const { name, create, kept, replace } = plan;
    printJson({ root, name, target, manager, created: Object.keys(create), changed: Object.keys(replace), kept, next });
    return;
  }
  print("\nNext:");
  for (const line of next) print(`  ${colors.bold(line)}`);
}

/**
 * What runs the target on this machine, so that `dev` need not ask. It would ask again where this fails. The app's own
 * folder counts, not where this command lies.
 */
async function addTools(root: string, target: TargetName): Promise<void> {
  const { tools } = await platforms[target].emulate();
  const missing = Object.entries(tools).filter(([name]) => !isInstalled(root, name));
  if (missing.length === 0) return;
  const names = missing.map(([name]) => name);
  for (const [name, reason] of missing) note(colors.dim(`${name}: ${reason}`));
  note(colors.dim(installCommand(root, ...names).join(" ")));
  await installTools(root, names);
}

function printPlan({ name, create, kept, replace }: InitPlan, target: string): void {
  const isChange = Object.keys(create).length + Object.keys(replace).length > 0;
  print(`${isChange ? colors.green("wrote") : "kept"} ${colors.bold(name)}, for ${target}`);
  for (const path of Object.keys(create)) print(`  ${path}`);
  for (const path of Object.keys(replace)) print(`  ${path} ${colors.dim("(what was missing is added)")}`);
  for (const path of kept) print(colors.dim(`  ${path} (kept as it was)`));
}

/** Two commands. A package's own script `dev` may be about something else. */
function nextOf(root: string, manager: Manager, isInstalled: boolean, scripts: InitPlan["scripts"]): string[] {
  const way = relative(process.cwd(), root);
  const first = [way && `cd ${/[^\w./@-]/.test(way) ? JSON.stringify(way) : way}`, !isInstalled && `${manager} install`]
    .filter(Boolean)
    .join(" && ");
  const toLine = (name: string) =>
    scripts[name]?.includes("godwit") === false ? runBin(manager, `godwit ${name}`) : runScript(manager, name);
  return first ? [first, toLine("dev")] : [toLine("dev"), toLine("build")];
}
