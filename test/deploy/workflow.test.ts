import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse as parseYaml } from "yaml";
import { root, wordsOf } from "../docs/blocks.ts";
import { parse as readCommand } from "../docs/read-command.ts";

interface Job {
  if?: string;
  "timeout-minutes"?: number;
  permissions?: Record<string, string>;
  needs?: string;
  environment?: string;
  steps: { uses?: string; run?: string; with?: Record<string, unknown> }[];
}

interface Workflow {
  permissions: Record<string, string>;
  concurrency: { "cancel-in-progress": boolean };
  jobs: Record<string, Job>;
}

const text = readFileSync(join(root, "infra/ci/deploy.yml"), "utf8");
const workflow = parseYaml(text) as Workflow; // what the tests below look at
const jobs = Object.entries(workflow.jobs);
const commands = jobs.flatMap(([, { steps }]) => steps.flatMap(({ run = [] }) => run));

test("the workflow's commands are what the CLI takes", async () => {
  const godwit = commands.filter((command) => command.startsWith("npx godwit "));
  assert.equal(godwit.length, 3);
  for (const command of godwit) {
    const filled = command.replace('"$TARGET"', "lambda").replace('"$STAGE"', "pr-12");
    await readCommand(wordsOf(filled).slice(2));
  }
});

test("no fork gets credentials, and nothing that a pull request says reaches a shell", () => {
  for (const [name, job] of jobs) {
    assert.match(job.if ?? "", /head\.repo\.full_name == github\.repository/, name);
  }
  for (const command of commands) assert.doesNotMatch(command, /\$\{\{/);
  assert.doesNotMatch(text, /pull_request_target|head_ref|pull_request\.(?:title|body)/);
});

test("jobs have an end, the least permissions, and deploys are not cut off", () => {
  assert.deepEqual(workflow.permissions, { contents: "read" });
  assert.equal(workflow.concurrency["cancel-in-progress"], false);
  for (const [name, job] of jobs) {
    assert.ok(job["timeout-minutes"], name);
    assert.equal(job.permissions?.contents, "read", name);
  }
});

test("what installs with scripts, tests and builds has no token and no secret, and what has them does none of it", () => {
  const { build, ...others } = workflow.jobs;
  assert.ok(build);
  assert.deepEqual(build.permissions, { contents: "read" });
  assert.equal(build.environment, undefined);
  assert.doesNotMatch(JSON.stringify(build), /secrets\.|vars\.|configure-aws/);
  assert.equal(others.deploy?.needs, "build");
  for (const [name, job] of Object.entries(others)) {
    assert.deepEqual(job.permissions, { contents: "read", "id-token": "write" }, name);
    assert.ok(job.environment, name);
    for (const { run = "", with: given } of job.steps) {
      assert.doesNotMatch(run, /npm (?:test|run)|godwit build|npm ci$/, name);
      assert.equal(given?.cache, undefined, name); // a cache is written by jobs that anything may run in
    }
  }
});
