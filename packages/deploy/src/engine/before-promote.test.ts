import assert from "node:assert/strict";
import { test } from "node:test";
import { runCommand } from "./before-promote.ts";

function options(more: Partial<Parameters<typeof runCommand>[1]> = {}) {
  const lines: string[] = [];
  const env = { ...process.env, GODWIT_STAGE: "pr-12" };
  return {
    lines,
    given: {
      cwd: process.cwd(),
      env,
      signal: new AbortController().signal,
      onLine: (line: string) => void lines.push(line),
      ...more,
    },
  };
}

test("a command sees its environment, and what it prints comes line by line", async () => {
  const { lines, given } = options();
  await runCommand(`node -e 'console.log("stage " + process.env.GODWIT_STAGE); console.error("done")'`, given);
  assert.deepEqual(lines.sort(), ["done", "stage pr-12"]);
});

test("a command that fails, is not found, or takes too long is an error that names it", async () => {
  const code = "DEPLOY_BEFORE_PROMOTE_FAILED";
  await assert.rejects(runCommand("exit 3", options().given), { code, message: /`exit 3` .* ended with 3/ });
  await assert.rejects(runCommand("no-such-command-4711", options().given), { code });
  await assert.rejects(runCommand("sleep 60", options({ deadline: 50 }).given), { code, message: /not done within/ });
});

test("an interrupt ends the command and whatever it started", async () => {
  const controller = new AbortController();
  const { given } = options({ signal: controller.signal, onLine: () => controller.abort(new Error("stopped")) });
  await assert.rejects(runCommand("sleep 60 & echo begun; wait", given), /stopped/);
});
