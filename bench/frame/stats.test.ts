import assert from "node:assert/strict";
import { test } from "node:test";
import { runRounds } from "./rounds.ts";
import { geomean, quantile, relate, spread } from "./stats.ts";

test("a quantile lies between its neighbours in proportion, whatever the order", () => {
  assert.equal(quantile([30, 10, 20], 0.5), 20);
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(quantile([10, 20], 0.25), 12.5);
  assert.equal(quantile([7], 0.99), 7);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

test("a spread is the middle with a tenth below and a tenth above", () => {
  const figures = Array.from({ length: 11 }, (_, at) => at);
  assert.deepEqual(spread(figures), { median: 5, p10: 1, p90: 9 });
});

test("ratios are formed inside a round: a slow round of both changes nothing", () => {
  assert.deepEqual(relate([2, 20, 200], [1, 10, 100], "ratio"), { median: 2, p10: 2, p90: 2 });
  assert.equal(relate([12, 25], [10, 20], "over").median, 3.5);
  assert.equal(relate([12, 25], [10, 20], "value").median, 18.5);
});

test("a geometric mean takes a half and a double as nothing", () => {
  assert.ok(Math.abs(geomean([0.5, 2, 1]) - 1) < 1e-12);
});

test("contestants take turns, another one first in each round, and the mean is of ratios", async () => {
  const order: string[] = [];
  const rows = await runRounds({
    contestants: ["a", "b"],
    columns: [
      { name: "x", relation: "ratio", unit: "" },
      { name: "y", relation: "ratio", unit: "" },
    ],
    base: "a",
    rounds: 2,
    mean: true,
    async measure(name, column, round) {
      order.push(`${name}${column}`);
      const own = name === "a" ? 1 : column === "x" ? 4 : 1;
      return own * (round + 1);
    },
  });
  assert.deepEqual(order, ["ax", "bx", "ay", "by", "bx", "ax", "by", "ay"]);
  assert.deepEqual(
    rows.find(({ contestant }) => contestant === "b")?.cells.map((cell) => cell?.related.median),
    [4, 1, 2],
  );
});

test("a contestant that misses a column has no figure there, and no mean", async () => {
  const [, other] = await runRounds({
    contestants: ["a", "b"],
    columns: [{ name: "x", relation: "ratio", unit: "" }],
    base: "a",
    rounds: 3,
    mean: true,
    measure: async (name) => (name === "a" ? 1 : undefined),
  });
  assert.deepEqual(other?.cells, [undefined, undefined]);
});
