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

test("what could not be warmed is told, a few times", () => {
  const lines: string[] = [];
  const write = (line = "") => void lines.push(line.trim());
  const speaker: Speaker = { say: write, note: write, done: write, at() {}, json() {}, mask() {}, end() {} };
  const { on, end } = createProgress(speaker);
  on({ type: "step", step: "warm" });
  on({ type: "warm", url: "http://shop.test/", all: 13 });
  for (let n = 1; n <= 12; n++) on({ type: "warm", url: `http://shop.test/${n}`, all: 13, why: "status 500" });
  end();
  assert.equal(lines.length, 11);
  assert.deepEqual(
    [lines[0], lines.at(-1)],
    ["note could not warm http://shop.test/1: status 500", "warmed 1 address, 12 failed"],
  );
});
