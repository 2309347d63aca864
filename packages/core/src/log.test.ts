import assert from "node:assert/strict";
import { test } from "node:test";
import { errorOf, linesOf } from "./app.fixture.ts";
import { createLogger } from "./log.ts";

test("each level writes one JSON line through the console's own method", async () => {
  const lines = await linesOf(async () => {
    const log = createLogger({ app: "a" });
    log.debug("1");
    log.info("2", { x: 1 });
    log.warn("3");
    log.error("4");
  });
  assert.deepEqual(
    lines.map((line) => line.level),
    ["debug", "info", "warn", "error"],
  );
  assert.deepEqual(lines[1], { level: "info", message: "2", app: "a", x: 1 });
});

test("an error is written with its code, stack and causes, and with nothing else that hangs on it", async () => {
  const error = Object.assign(new Error("outer", { cause: new Error("inner") }), {
    code: "E1",
    request: { token: "t" },
  });
  const [line] = await linesOf(async () => createLogger({}).error("failed", { error }));
  const written = errorOf(line);
  assert.deepEqual([written.message, written.code, written.cause?.message], ["outer", "E1", "inner"]);
  assert.doesNotMatch(JSON.stringify(line), /token/);
});

test("values that JSON has no form for never make a line throw", async () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const written: string[] = [];
  const own = console.info;
  console.info = (text: string) => written.push(text);
  try {
    createLogger({}).info("cycle", { cycle });
    createLogger({}).info("big", { n: 1n, f: () => {}, u: undefined });
  } finally {
    console.info = own;
  }
  assert.deepEqual(written, ["cycle", '{"level":"info","message":"big","n":"1"}']);
});
