import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { hideSecrets, onLines } from "./lines.ts";

test("lines come whole, and one without an end comes in pieces", async () => {
  const lines: string[] = [];
  const stream = Readable.from(["a\nb", "c\r\n", "x".repeat(20_000), "x".repeat(20_000)], { objectMode: false });
  onLines(stream, (line) => lines.push(line));
  await new Promise((resolve) => stream.once("close", resolve));
  assert.deepEqual(lines.slice(0, 2), ["a", "bc"]);
  assert.equal(lines.slice(2).join(""), "x".repeat(40_000));
  assert.ok(lines.every((line) => line.length <= 16_000));
});

test("a secret is masked, and one of many lines in each of them", () => {
  const values = { KEY: "-----BEGIN-----\nMIIEvQIB\n", PIN: "1234" };
  assert.equal(hideSecrets("key MIIEvQIB, pin 1234", values), "key [secret KEY], pin 1234");
  assert.equal(hideSecrets("-----BEGIN-----\nMIIEvQIB", values), "[secret KEY]");
});
