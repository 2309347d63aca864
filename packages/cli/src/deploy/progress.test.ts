import assert from "node:assert/strict";
import { test } from "node:test";
import { createProgress } from "./progress.ts";
import type { Speaker } from "./speak.ts";

test("a step that worked is told in the past, one that did not is where it stopped", () => {
  const lines: string[] = [];
  const write = (line = "") => void lines.push(line.trim());
  const speaker: Speaker = { say: write, note: write, done: write, at() {}, json() {}, mask() {}, end() {} };
  const { on, fail, end } = createProgress(speaker);
  on({ type: "step", step: "prepare" });
  on({ type: "work", step: "prepare", id: "function/a", action: "create", done: 1, all: 1 });
  on({ type: "step", step: "release" });
  on({ type: "step", step: "verify" });
  on({ type: "answer", answer: { method: "GET", path: "/", got: 200, took: 3 }, all: 2 });
  fail();
  end();
  assert.deepEqual(lines, ["prepared 1 thing", "release made", "stopped: verify"]);
});
