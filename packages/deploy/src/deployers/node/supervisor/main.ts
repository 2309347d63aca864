/**
 * Godwit's supervisor: `node main.mjs <folder of the stage>`. Holds the public socket, runs the live release and what
 * is beside it, and does what the control socket says. SIGTERM ends it gracefully.
 * @module
 */
import { openControl } from "./control.ts";
import { Log } from "./log.ts";
import { makeFolders } from "./state.ts";
import { Supervisor } from "./supervisor.ts";

process.chdir(process.argv[2] ?? ".");
await makeFolders();
const log = new Log("logs");
const supervisor = new Supervisor(log);
const control = await openControl((command) => supervisor.run(command));
if (!control) {
  console.error("Another supervisor has this stage.");
  process.exit(1);
}
process.on("SIGTERM", () => supervisor.close());
process.on("SIGINT", () => supervisor.close());
// A terminal that is closed, and a client that is gone, are no reason to end.
process.on("SIGHUP", () => {});
process.on("uncaughtException", (error) => log.write("supervisor", error.stack ?? error.message));
await supervisor.resume().catch((error: Error) => log.write("supervisor", error.message));
