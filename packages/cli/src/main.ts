/**
 * Reads the command line, loads the one command that it names, and turns what it throws into words and an exit code.
 * @module
 */
import { createRequire } from "node:module";
import { GodwitError } from "@godwit/core/errors";
import { Command, CommanderError } from "commander";
import { EXIT } from "./exit-codes.ts";
import { printError } from "./output.ts";
import { isInterrupted } from "./project/interrupt.ts";
import { checkNode } from "./project/node-version.ts";

/** Each command is a file, imported only when it is named or help is asked for. */
const commands = {
  dev: async () => {
    const { startCompiler } = await import("@godwit/bundler/warm");
    startCompiler();
    return import("./commands/dev.ts");
  },
  init: () => import("./commands/init.ts"),
  generate: () => import("./commands/generate.ts"),
  build: () => import("./commands/build.ts"),
  preview: () => import("./commands/preview.ts"),
  routes: () => import("./commands/routes.ts"),
  inspect: () => import("./commands/inspect.ts"),
  deploy: () => import("./commands/deploy.ts"),
  releases: () => import("./commands/releases.ts"),
  rollback: () => import("./commands/rollback.ts"),
  logs: () => import("./commands/logs.ts"),
  secrets: () => import("./commands/secrets.ts"),
  destroy: () => import("./commands/destroy.ts"),
  conform: () => import("./commands/conform.ts"),
  doctor: () => import("./commands/doctor.ts"),
};

/** A wrong value of an option that only the project can tell. */
const MISUSE = new Set(["FRONT_UNKNOWN"]);
/** A canary that went back by itself. */
const BROKEN = new Set(["DEPLOY_CANARY_BROKE", "DEPLOY_CANARY_NO_DATA"]);

/** Runs one command line and gives its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes("--json");
  let code: number = EXIT.ok;
  try {
    if (argv[0] !== "doctor") checkNode(); // the doctor says it among all else
    const program = new Command("godwit")
      .description("Fetch-style route files, built, run and deployed on Lambda, Cloudflare, Vercel and Node.")
      .version(version(), "-v, --version")
      .exitOverride()
      .configureOutput({ writeErr: (text) => void (json || process.stderr.write(text)) })
      .showHelpAfterError("Run with --help to see what there is.");
    const asked = argv[0] === "help" ? argv[1] : argv[0];
    const named = Object.entries(commands).filter(([name]) => asked === name);
    for (const [, load] of named.length ? named : Object.entries(commands)) {
      const { command } = await load();
      program.addCommand(
        (
          await command((exit) => {
            code = exit;
          })
        )
          .exitOverride()
          .copyInheritedSettings(program),
      );
    }
    if (argv.length === 0) {
      program.outputHelp();
      return EXIT.usage;
    }
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok;
      if (json) printError(new GodwitError("USAGE", error.message.replace(/^error: /, "")), true);
      return EXIT.usage;
    }
    if (isInterrupted()) return EXIT.interrupted;
    printError(error, json);
    return exitOf(error);
  }
}

function exitOf(error: unknown): number {
  const code = error instanceof GodwitError ? error.code : "";
  return MISUSE.has(code) ? EXIT.usage : BROKEN.has(code) ? EXIT.canary : EXIT.failed;
}

function version(): string {
  return (createRequire(import.meta.url)("../package.json") as { version: string }).version;
}
