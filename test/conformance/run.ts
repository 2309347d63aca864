import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConformRun, conform } from "godwit";
import { table } from "./cases/index.ts";

const root = new URL("app", import.meta.url).pathname;

/** One test, and one in it for each run: all of the table as expected, and answered as a Node server answers it. */
export function conforms(runs: ConformRun | readonly ConformRun[], name: string): void {
  test(`${name} answers the table as node does`, async (t) => {
    const all: ConformRun[] = [{ target: "node" }, ...[runs].flat()];
    const outcomes = conform({ root, requests: table, runs: all });
    t.after(() => outcomes.return(undefined));
    for (const run of all) {
      const title = [run.target, run.front, run.config && JSON.stringify(run.config)].filter(Boolean).join(" ");
      await t.test(title, async (t) => {
        const faults: string[] = [];
        let sent = 0;
        for (const _ of table) {
          const { value: outcome, done } = await outcomes.next();
          assert.ok(!done, "an earlier run ended all");
          if (outcome.skipped !== undefined) t.diagnostic(`passed over: ${outcome.request}: ${outcome.skipped}`);
          else sent++;
          for (const fault of outcome.faults) faults.push(`${outcome.run} ${outcome.request}: ${fault}`);
        }
        assert.equal(faults.join("\n"), "");
        assert.ok(sent > 0.9 * table.length, `${sent} of ${table.length} requests were sent`);
      });
    }
  });
}
