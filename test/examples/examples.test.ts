import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type ConformRequestInput, conform } from "godwit";

const folder = new URL("../../examples/", import.meta.url).pathname;

/** Every example is built for every target, emulated, and called with its own table. */
for (const name of readdirSync(folder)) {
  const root = join(folder, name);

  test(`${name} has a README, a test and a table of requests`, () => {
    for (const file of ["README.md", "app.test.ts", "requests.json"]) assert.ok(existsSync(join(root, file)), file);
  });

  test(`${name} answers its requests alike on every target`, async () => {
    const requests = JSON.parse(readFileSync(join(root, "requests.json"), "utf8")) as ConformRequestInput[];
    const runs = [
      { target: "node" } as const,
      { target: "lambda" } as const,
      { target: "cloudflare" } as const,
      { target: "vercel" } as const,
    ];
    const faults: string[] = [];
    let outcomes = 0;
    for await (const { run, request, faults: found } of conform({ root, requests, runs })) {
      outcomes++;
      for (const fault of found) faults.push(`${run} ${request}: ${fault}`);
    }
    assert.equal(faults.join("\n"), "");
    assert.equal(outcomes, requests.length * runs.length);
  });
}
