import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import type { LogLine } from "@godwit/bundler/contracts";
import { Logs } from "./logs.ts";

const line = (text: string): LogLine => ({ function: "app", level: "info", text });

async function texts(logs: Logs): Promise<string[]> {
  const seen: string[] = [];
  for await (const { text } of logs) seen.push(text);
  return seen;
}

test("every reader sees each line, before and after it began to read", async () => {
  const logs = new Logs();
  logs.push(line("first"));
  const readers = [texts(logs), texts(logs)];
  await Promise.resolve();
  logs.push(line("second"));
  logs.close();
  assert.deepEqual(await Promise.all(readers), [
    ["first", "second"],
    ["first", "second"],
  ]);
});

test("the oldest of more than a thousand lines are lost, and a waiting reader goes on with what is kept", async () => {
  const logs = new Logs();
  const early = texts(logs);
  await Promise.resolve();
  for (let index = 0; index < 1500; index++) logs.push(line(String(index)));
  assert.equal(logs.count, 1500);
  assert.equal(logs.textAfter(1498), "1498\n1499");
  logs.close();
  const kept = Array.from({ length: 1000 }, (_, index) => String(index + 500));
  assert.deepEqual(await early, kept);
  assert.deepEqual(await texts(logs), kept);
});

test("a line of JSON names its own level, and others have that of their stream", async () => {
  const logs = new Logs();
  const output = Readable.from(['{"level":"warn","message":"w"}\nplain\n']);
  logs.read(output, "users", "error", (text) => text.toUpperCase());
  await new Promise((resolve) => output.on("close", resolve));
  await new Promise((resolve) => setImmediate(resolve));
  logs.close();
  const seen: LogLine[] = [];
  for await (const one of logs) seen.push(one);
  assert.deepEqual(seen, [
    { function: "users", level: "warn", text: '{"LEVEL":"WARN","MESSAGE":"W"}' },
    { function: "users", level: "error", text: "PLAIN" },
  ]);
});
