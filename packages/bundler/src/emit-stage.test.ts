import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createFolder, writeFiles } from "./bundle.fixture.ts";
import { mend, openStage } from "./emit-stage.ts";

/** The id of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

test("a commit replaces the artefact and its maps whole, and leaves nothing else", async (t) => {
  const out = createFolder(t, { "lambda/old.txt": "old", "lambda.maps/old.map": "old", "other/x": "" });
  const stage = openStage(out, "lambda");
  writeFiles(stage.artefact, { "new.txt": "new" });
  await stage.commit();
  assert.deepEqual(readdirSync(out).sort(), ["lambda", "lambda.maps", "other"]);
  assert.deepEqual(readdirSync(join(out, "lambda")), ["new.txt"]);
  assert.deepEqual(readdirSync(join(out, "lambda.maps")), []);
});

test("what is discarded was never there", (t) => {
  const out = createFolder(t, { "lambda/old.txt": "old" });
  const stage = openStage(out, "lambda");
  writeFiles(stage.artefact, { "half.txt": "ha" });
  stage.discard();
  assert.deepEqual(readdirSync(out), ["lambda"]);
  assert.equal(readFileSync(join(out, "lambda/old.txt"), "utf8"), "old");
});

test("a build that was killed while it wrote is cleaned up by the next", (t) => {
  const left = `.godwit-lambda-${deadPid()}-0011aabb`;
  const out = createFolder(t, { "lambda/old.txt": "old", [`${left}/artefact/half.txt`]: "ha" });
  openStage(out, "lambda").discard();
  assert.deepEqual(readdirSync(out), ["lambda"]);
});

test("a build that was killed between its two renames is undone", (t) => {
  const left = `.godwit-lambda-${deadPid()}-0011aabb`;
  const out = createFolder(t, { [`${left}/old/old.txt`]: "old", [`${left}/artefact/new.txt`]: "new" });
  mend(out, "lambda");
  assert.deepEqual(readdirSync(out), ["lambda"]);
  assert.equal(readFileSync(join(out, "lambda/old.txt"), "utf8"), "old");
});

test("the folder of a build that still runs is left alone", (t) => {
  const running = `.godwit-lambda-${process.pid}-0011aabb`;
  const out = createFolder(t, { [`${running}/artefact/half.txt`]: "ha" });
  mend(out, "lambda");
  assert.ok(existsSync(join(out, running, "artefact/half.txt")));
});

test("a target whose name another one starts with is none of its business", (t) => {
  const other = `.godwit-node-edge-${deadPid()}-0011aabb`;
  const out = createFolder(t, { [`${other}/artefact/x`]: "" });
  mend(out, "node");
  assert.ok(existsSync(join(out, other)));
});

test("two builds at once leave one of the two, whole", async (t) => {
  const out = createFolder(t, { "lambda/old.txt": "old" });
  const stages = ["a", "b", "c", "d"].map((name) => {
    const stage = openStage(out, "lambda");
    for (const file of ["1", "2", "3"]) writeFileSync(join(stage.artefact, file), name);
    return stage;
  });
  await Promise.all(stages.map((stage) => stage.commit()));
  const contents = readdirSync(join(out, "lambda")).map((file) => readFileSync(join(out, "lambda", file), "utf8"));
  assert.equal(contents.length, 3);
  assert.equal(new Set(contents).size, 1);
  assert.deepEqual(readdirSync(out).sort(), ["lambda", "lambda.maps"]);
});
