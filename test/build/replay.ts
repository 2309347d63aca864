/**
 * Built apps in their platforms' real runtimes, asked through the public package.
 * @module
 */
import assert from "node:assert/strict";
import { type ConformOptions, conform } from "godwit";

/** Builds and starts the app for each run, and asserts that every request is sent and answered as expected. */
export async function answers(options: ConformOptions): Promise<void> {
  const faults: string[] = [];
  let sent = 0;
  for await (const outcome of conform(options)) {
    if (outcome.skipped === undefined) sent++;
    for (const fault of outcome.faults) faults.push(`${outcome.run} ${outcome.request}: ${fault}`);
  }
  assert.equal(faults.join("\n"), "");
  assert.equal(sent, options.requests.length * options.runs.length);
}
