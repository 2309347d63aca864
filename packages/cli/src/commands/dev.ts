import type { Command } from "commander";
import { createCommand, oneTarget, openProject, type SetExit, type Shared, toNumber } from "../options.ts";
import { print } from "../output.ts";
import { openInBrowser } from "../project/browser.ts";
import { untilInterrupted } from "../project/interrupt.ts";

interface Options extends Shared {
  host: string;
  port: number;
  strictPort?: boolean;
  open?: boolean;
  https?: boolean;
  cert?: string;
  key?: string;
  inspect?: number | true;
  front?: string;
}

/** That of Node's own `--inspect`. */
const DEBUGGER = 9229;

export function command(_exit: SetExit): Command {
  return createCommand("dev", "serve the app in its platform's runtime, with the new code as soon as a file is saved")
    .option("-p, --port <number>", "the next free one where it is in use", toNumber(0, 65_535), 3000)
    .option("--strict-port", "fail where the port is in use")
    .option("--host <address>", "the address to listen on; 0.0.0.0 for all", "127.0.0.1")
    .option("--front <name>", "what stands before the functions, as for preview")
    .option("--open", "open the browser")
    .option("--https", "with a certificate of its own, kept in .godwit/")
    .option("--cert <file>", "with this certificate (PEM), and --key")
    .option("--key <file>", "its private key (PEM)")
    .option("--inspect [port]", `let a debugger attach (default: ${DEBUGGER})`, toNumber(0, 65_535))
    .addHelpText(
      "after",
      "\nKeys: h help, r restart, o open, q quit. Ctrl-C ends it, with 0. Piped or with --json, standard output has one" +
        "\nJSON object a line; what functions log goes to standard error.",
    )
    .action(run);
}

async function run(options: Options, command: Command): Promise<void> {
  const { cert, key, host, port, stage, front } = options;
  if ((cert === undefined) !== (key === undefined)) command.error("error: --cert and --key go together.");
  const stopped = untilInterrupted();
  const [project, { openSession }, report] = await Promise.all([
    openProject(options),
    import("../dev/session.ts"),
    import("../dev/report.ts"),
  ]);
  const target = oneTarget(options, project);
  const isWords = process.stdout.isTTY && !options.json;
  const reporter = isWords ? report.reportWords() : report.reportJson();
  const session = await openSession({
    project,
    target,
    stage,
    host,
    port,
    strictPort: options.strictPort === true,
    reporter,
    front,
    https: cert !== undefined && key !== undefined ? { cert, key } : options.https || undefined,
    inspect: options.inspect === true ? DEBUGGER : options.inspect,
  });
  const { url, network } = session;
  let forget = (): void => {};
  try {
    await Promise.race([session.started, stopped]);
    reporter.ready({ app: project.name, target, url, network, milliseconds: performance.now() });
    const { HELP, listenToKeys } = await import("../dev/keys.ts");
    const open = async (): Promise<void> => {
      if (!(await openInBrowser(url))) reporter.say(`No browser could be opened. Go to ${url}`);
    };
    const quit = new Promise<void>((resolve) => {
      forget = listenToKeys((pressed) => {
        if (pressed === "q") resolve();
        else if (pressed === "o") void open();
        else if (pressed === "r") void session.restart("asked by a key");
        else for (const [letter, meaning] of Object.entries(HELP)) print(`  ${letter}  ${meaning}`);
      });
    });
    if (options.open) void open();
    await Promise.race([stopped, quit]);
  } finally {
    forget();
    await session.close();
  }
}
