import assert from "node:assert/strict";
import { test } from "node:test";
import { FigureBook } from "./figures.ts";

const bucket = (milliseconds: number) => Math.ceil(Math.log2(milliseconds) * 8);

test("figures are summed over the workers of a release, since a time", () => {
  const book = new FigureBook();
  book.add("a", { requests: 10, errors: 1, times: [[bucket(10), 10]] });
  book.add("a", { requests: 5, errors: 0, times: [[bucket(10), 5]] });
  book.add("b", { requests: 1, errors: 1, times: [] });
  const { requests, errors, p95 } = book.read("a", 0);
  assert.deepEqual([requests, errors], [15, 1]);
  assert.ok(p95 !== undefined && p95 >= 10 && p95 <= 11, `${p95}`);
  assert.deepEqual(book.read("a", Date.now() + 10_000), { requests: 0, errors: 0 });
  assert.deepEqual(book.read("b", 0), { requests: 1, errors: 1 });
  assert.deepEqual(book.read("none", 0), { requests: 0, errors: 0 });
});

test("the 95th percentile is that of the slow ones where one in ten is slow", () => {
  const book = new FigureBook();
  const times: [number, number][] = [
    [bucket(1000), 10],
    [bucket(5), 90],
  ];
  book.add("a", { requests: 100, errors: 0, times });
  const { p95 = 0 } = book.read("a", 0);
  assert.ok(p95 >= 1000 && p95 <= 1100, `${p95}`);
});

test("releases are forgotten when there are many", () => {
  const book = new FigureBook();
  for (let count = 0; count < 60; count++) book.add(`r${count}`, { requests: 1, errors: 0, times: [] });
  assert.equal(book.read("r0", 0).requests, 0);
  assert.equal(book.read("r59", 0).requests, 1);
});
