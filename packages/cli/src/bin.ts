#!/usr/bin/env node
import { main } from "./main.ts";
import { handleInterrupts } from "./project/interrupt.ts";

handleInterrupts();
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error; // `| head` has read enough: no fault of the command
  });
}
process.exitCode = await main(process.argv.slice(2));
