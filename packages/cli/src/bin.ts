#!/usr/bin/env node
import * as modules from "node:module";
import { handleInterrupts } from "./project/interrupt.ts";

// Most of a short command's time would go to the compiler. Before anything large is imported. A Node that is too old to
// have it gets to where that is said.
modules.enableCompileCache?.();
handleInterrupts();
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error; // `| head` has read enough: no fault of the command
  });
}
const { main } = await import("./main.ts");
process.exitCode = await main(process.argv.slice(2));
