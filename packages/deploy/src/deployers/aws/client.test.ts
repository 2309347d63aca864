import assert from "node:assert/strict";
import { test } from "node:test";
import { collect } from "./client.ts";

test("a listing is read to its last page", async () => {
  const pages = new Map([
    [undefined, { items: [1, 2], token: "a" }],
    ["a", { items: undefined, token: "b" }],
    ["b", { items: [3], token: undefined }],
  ]);
  const all = await collect(async (token) => pages.get(token) ?? assert.fail());
  assert.deepEqual(all, [1, 2, 3]);
});

test("one whose pages have no end is refused", async () => {
  await assert.rejects(
    collect(async () => ({ items: [1], token: "again" })),
    /no end/,
  );
  let page = 0;
  await assert.rejects(
    collect(async () => ({ items: [], token: String(page++) })),
    /no end/,
  );
});
