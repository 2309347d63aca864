import assert from "node:assert/strict";
import { test } from "node:test";
import { toLines } from "./logs.ts";

test("lines and what was thrown are told, of the Worker that the trace names; what is no trace is left out", () => {
  const trace = {
    scriptName: "part",
    logs: [{ message: ["a", { b: 1 }], timestamp: 1 }],
    exceptions: [{ name: "TypeError", message: "no", timestamp: 2 }],
  };
  assert.deepEqual(toLines(JSON.stringify(trace), "front"), [
    { at: 1, text: 'a {"b":1}', function: "part" },
    { at: 2, text: "TypeError: no", function: "part" },
  ]);
  assert.deepEqual(toLines("{", "front"), []);
});
