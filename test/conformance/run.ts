import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConformRun, conform } from "godwit";
import { table } from "./cases/index.ts";

const root = new URL("app", import.meta.url).pathname;

/** One test a run: every request of the table as expected, and answered as a Node server answers it. */
export function conforms(run: ConformRun, name: string): void {
  test(`${name} answers the table as node does`, async (t) => {
    const faults: string[] = [];
    let sent = 0;
    for await (const outcome of conform({ root, requests: table, runs: [{ target: "node" }, run] })) {
      if (outcome.skipped !== undefined) t.diagnostic(`passed over: ${outcome.request}: ${outcome.skipped}`);
      else sent++;
      for (const fault of outcome.faults) faults.push(`${outcome.run} ${outcome.request}: ${fault}`);
    }
    assert.equal(faults.join("\n"), "");
    assert.ok(sent > table.length, `${sent} requests were sent`);
  });
}
