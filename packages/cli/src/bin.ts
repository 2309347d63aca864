#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { handleInterrupts } from "./project/interrupt.ts";

// Most of a short command's time would go to the compiler. Before anything large is imported.
enableCompileCache();
handleInterrupts();
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error; // `| head` has read enough: no fault of the command
  });
}
const { main } = await import("./main.ts");
process.exitCode = await main(process.argv.slice(2));
