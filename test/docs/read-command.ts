/**
 * The CLI as a reader of command lines that does nothing.
 * @module
 */
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "./blocks.ts";

const commandFiles = globSync("packages/cli/src/commands/*.ts", { cwd: root });

/** What this needs of commander, which is the CLI's own. */
interface Command {
  /** Those below it, such as `set` of `secrets`. */
  commands: readonly Command[];
  exitOverride(): this;
  configureOutput(to: { writeErr(): void }): this;
  action(work: () => void): this;
  parseAsync(args: string[], from: { from: "user" }): Promise<unknown>;
}

/** Reads the arguments as the CLI does, and does nothing then. Throws an error of commander's. */
export async function parse(args: readonly string[]): Promise<void> {
  const [name = "", ...rest] = args;
  const file = commandFiles.find((path) => basename(path, ".ts") === name);
  if (!file) throw Object.assign(new Error(`there is no command ${name}`), { code: "commander.unknownCommand" });
  const { command } = (await import(join(root, file))) as { command: (exit: () => void) => Command | Promise<Command> }; // every file of commands/ exports this
  const made = await command(() => {});
  for (const one of [made, ...made.commands]) {
    one
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .action(() => {});
  }
  await made.parseAsync(rest, { from: "user" });
}
