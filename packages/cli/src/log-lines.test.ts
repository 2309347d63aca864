import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { formatLog } from "./log-lines.ts";

const show = (text: string, level: "info" | "error" = "info") =>
  stripVTControlCharacters(formatLog({ function: "users", level, text }));

test("a line of context.log is its level, route, words and fields", () => {
  const line = { level: "warn", message: "slow", requestId: "r1", route: "/users/[id]", ms: 812, who: { id: 7 } };
  assert.equal(show(JSON.stringify(line)), 'users warn  /users/[id] slow ms=812 who={"id":7}');
});

test("a line of the logger middleware is shown likewise, without its time", () => {
  const line = { time: "2026-11-21T07:57:35.061Z", level: "info", message: "request", requestId: "r1", status: 200 };
  assert.equal(show(JSON.stringify(line)), "users info  request status=200");
});

test("an error's stack has lines of its own, its causes below it", () => {
  const cause = { name: "TypeError", message: "inner", stack: "TypeError: inner\n    at lib/db.ts:3:1" };
  const error = { name: "Error", message: "boom", stack: "Error: boom\n    at GET (routes/x.ts:2:9)", cause };
  const text = show(JSON.stringify({ level: "error", message: "unhandled error", error }));
  assert.equal(
    text,
    "users error unhandled error\n  Error: boom\n    at GET (routes/x.ts:2:9)\n  caused by TypeError: inner\n    at lib/db.ts:3:1",
  );
});

test("what no logger wrote stays as it is, with the level of its stream", () => {
  assert.equal(show("plain {words}", "error"), "users error plain {words}");
  assert.equal(show('{"level":"info","message":"cut sho'), 'users info  {"level":"info","message":"cut sho');
  assert.equal(show('{"time":"now"}'), 'users info  {"time":"now"}');
  assert.equal(show('{"level":"toString","message":"x"}'), 'users info  {"level":"toString","message":"x"}');
});
