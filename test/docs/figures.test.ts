import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { table } from "../conformance/cases/index.ts";
import { read, root } from "./blocks.ts";

interface Results {
  columns: { name: string }[];
  rows: { contestant: string; cells: { related: { median: number } }[] }[];
}

/** The figure of a contestant in a column of `bench/results/<name>.json`, rounded. */
function figure(name: string, contestant: string, column: string, digits: number): string {
  const { columns, rows } = JSON.parse(readFileSync(join(root, `bench/results/${name}.json`), "utf8")) as Results;
  const row = rows.find((one) => one.contestant === contestant);
  const median = row?.cells[columns.findIndex((one) => one.name === column)]?.related.median;
  assert.ok(median !== undefined, `bench/results/${name}.json has no ${column} of ${contestant}`);
  return median.toFixed(digits);
}

const hello = (contestant: string): string =>
  `${figure("size", contestant, "hello Workers", 1)} / ${figure("size", contestant, "hello Workers gzip", 1)} kB`;

const limited = (contestant: string): string =>
  `${figure("state-size", contestant, "Workers", 1)} / ${figure("state-size", contestant, "Workers gzip", 1)} kB`;

/** Rows of README's comparison that have measured figures: where they come from, and the cells for Godwit and Hono. */
const MEASURED: Record<string, { from: string; cells: string[] }> = {
  "the same answers everywhere": {
    from: "test/conformance/cases",
    cells: [`${table.length} requests, byte for byte, in CI; \`godwit conform\` for yours`],
  },
  "hello for Workers, minified / gzip": { from: "bench/results/size.json", cells: [hello("godwit"), hello("hono")] },
  "a rate limit on Upstash adds to a Worker, minified / gzip": {
    from: "bench/results/state-size.json",
    cells: [limited("rateLimit() on upstash()"), `${limited("@upstash/ratelimit")}, with @upstash/ratelimit`],
  },
  "dispatch in process, of a hand-written switch": {
    from: "bench/results/dispatch.json",
    cells: ["godwit", "hono"].map((name) => figure("dispatch", name, "geomean", 2)),
  },
  "requests for a second of CPU on Node, of a hand-written server": {
    from: "bench/results/http.json",
    cells: ["godwit", "hono"].map((name) => figure("http", name, "geomean", 2)),
  },
};

const readme = read("README.md");
const rows: Record<string, string[]> = Object.fromEntries(
  [...readme.matchAll(/^\| (.+) \|$/gm)].map(([, row = ""]) => {
    const [name = "", ...cells] = row.split(" | ");
    return [name, cells];
  }),
);

const UPDATE = "UPDATE=1 node --test test/docs/figures.test.ts";

test("the figures of README's comparison are those of the last measurement", () => {
  let wanted = readme;
  const stale: string[] = [];
  for (const [name, { from, cells }] of Object.entries(MEASURED)) {
    const shown = rows[name];
    assert.ok(shown, `README.md has no row "${name}"`);
    const now = [...cells, ...shown.slice(cells.length)].join(" | ");
    if (now === shown.join(" | ")) continue;
    stale.push(`"${name}" says ${shown.join(" | ")}, and ${from} gives ${cells.join(" | ")}`);
    wanted = wanted.replace([name, ...shown].join(" | "), () => `${name} | ${now}`);
  }
  if (process.env.UPDATE) writeFileSync(join(root, "README.md"), wanted);
  else assert.deepEqual(stale, [], `README.md is stale: ${stale.join("; ")}. ${UPDATE} writes it anew.`);
});

test("no other row of README's tables has a measured figure", () => {
  const others = Object.entries(rows).filter(
    ([name, cells]) => !MEASURED[name] && /\d\.\d|\d ?(?:ms|kB|MB)\b/.test(cells.join()),
  );
  assert.deepEqual(others, []);
});
