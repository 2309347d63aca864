#!/usr/bin/env node
import { main } from "./main.ts";
import { handleInterrupts } from "./project/interrupt.ts";

handleInterrupts();
process.exitCode = await main(process.argv.slice(2));
