import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { deployers } from "@godwit/deploy";
import { toMilliseconds } from "./duration.ts";
import { deploySchema, VENDORS } from "./settings.ts";
import { isStageName, stageOfBranch, toStageName } from "./stage.ts";

test("a branch has a stage of its own, whatever its name", () => {
  assert.equal(toStageName("main"), "production");
  assert.equal(toStageName("master"), "production");
  assert.equal(toStageName("pr-12"), "pr-12");
  const names = [
    "feature/New_Thing",
    "feature-new-thing",
    "Feature-new-thing",
    "production",
    "🚀",
    "x".repeat(80),
    "--",
  ];
  const stages = names.map(toStageName);
  assert.equal(new Set(stages).size, names.length);
  assert.ok(!stages.includes("production"));
  for (const stage of stages) assert.ok(isStageName(stage), stage);
  assert.match(stages[0] ?? "", /^feature-new-thing-[0-9a-f]{6}$/);
});

test("a stage is a label: no hyphen at its ends, at most 32 characters", () => {
  for (const name of ["a", "pr-12", "a--b", "x".repeat(32)]) assert.ok(isStageName(name), name);
  for (const name of ["", "-a", "pr-", "x".repeat(33), "A", "a.b", "../a", "a/b", "ü"])
    assert.ok(!isStageName(name), name);
});

test("the branch is the CI's, else git's; without one that is an error", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "godwit-branch-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  await assert.rejects(stageOfBranch(root, {}), { code: "DEPLOY_BRANCH_UNKNOWN" });
  execFileSync("git", ["init", "-q", "-b", "try-it"], { cwd: root });
  assert.equal(await stageOfBranch(root, {}), "try-it");
  assert.equal(await stageOfBranch(root, { GITHUB_REF_NAME: "main" }), "production");
  assert.equal(await stageOfBranch(root, { GITHUB_HEAD_REF: "main", GITHUB_REF_NAME: "12/merge" }), "main");
  assert.equal(await stageOfBranch(root, { GITHUB_HEAD_REF: "fix-7", GITHUB_REF_NAME: "12/merge" }), "fix-7");
});

test("the config names the vendors that there are, and no other", () => {
  assert.deepEqual([...VENDORS], Object.keys(deployers).sort());
  assert.equal(deploySchema.safeParse({ amazon: {} }).success, false);
  assert.equal(deploySchema.safeParse({ node: { port: 1 }, canary: { samples: 5 } }).success, true);
});

test("times are numbers with a unit", () => {
  assert.deepEqual(
    ["500ms", "90s", "1m", "2h", "1d"].map(toMilliseconds),
    [500, 90_000, 60_000, 7_200_000, 86_400_000],
  );
  assert.deepEqual(["", "5", "m", "1.5m", "-1s", "31d", "1 w"].map(toMilliseconds), Array(7).fill(undefined));
});
