import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { onLines } from "./lines.ts";

async function read(chunks: readonly (string | Buffer)[]): Promise<string[]> {
  const lines: string[] = [];
  const stream = Readable.from(chunks, { objectMode: false });
  onLines(stream, (line) => lines.push(line));
  await new Promise((resolve) => stream.once("close", resolve));
  return lines;
}

test("lines come whole, however they were cut, and the last one needs no end", async () => {
  const euro = Buffer.from("2 €\n");
  assert.deepEqual(await read(["a\nb", "c\r\n\n", euro.subarray(0, 3), euro.subarray(3), "end"]), [
    "a",
    "bc",
    "",
    "2 €",
    "end",
  ]);
});

test("a line without an end comes in pieces", async () => {
  const lines = await read(Array.from({ length: 10 }, () => "x".repeat(16_000)));
  assert.deepEqual(
    lines.map((line) => line.length),
    [64_000, 64_000, 32_000],
  );
});
