import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { foldStacks } from "./stack.ts";

const core = fileURLToPath(import.meta.resolve("@godwit/core/app"));

test("frames of Godwit and of Node are left out of a stack and counted, the user's and his packages' stay", () => {
  const stack = [
    "Error: at home",
    "    at GET (/app/routes/a.ts:1:2)",
    "    at parse (/app/node_modules/zod/index.js:1:2)",
    `    at dispatch (${core}:1:2)`,
    "    at async wait (file:///app/.godwit/dev/1-0/node/server.mjs:1:2)",
    "    at process.processTicksAndRejections (node:internal/process/task_queues:104:5)",
    "caused by Error: other",
    "    at b (/app/node_modules/@godwit/core/dist/app.js:1:2)",
  ].join("\n");
  const expected = [
    "Error: at home",
    "    at GET (/app/routes/a.ts:1:2)",
    "    at parse (/app/node_modules/zod/index.js:1:2)",
    "    … 3 frames of godwit and node",
    "caused by Error: other",
    "    at b (/app/node_modules/@godwit/core/dist/app.js:1:2)",
  ].join("\n");
  assert.equal(foldStacks(stack), expected);
});

test("a folded line is as dim as the frames, and text without a stack stays as it is", () => {
  const dim = (text: string) => `\x1b[2m    ${text}\x1b[22m`;
  const folded = foldStacks([dim("at GET (/app/a.ts:1:2)"), dim("at run (node:vm:1:2)")].join("\n"));
  assert.equal(folded, [dim("at GET (/app/a.ts:1:2)"), dim("… 1 frame of node")].join("\n"));
  assert.equal(foldStacks("look at this\nnode:fs"), "look at this\nnode:fs");
});
