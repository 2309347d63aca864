import assert from "node:assert/strict";
import { test } from "node:test";
import { int, slug, uuid } from "./matchers.ts";

const check = (match: (value: string) => boolean, yes: string[], no: string[]) => {
  for (const value of yes) assert.equal(match(value), true, value);
  for (const value of no) assert.equal(match(value), false, value);
};

test("int takes safe decimal integers in their one spelling", () => {
  check(
    int,
    ["0", "7", "-7", "9007199254740991"],
    ["", "-0", "01", "1.0", "1e3", "+1", "9007199254740992", "0x1", " 1", "1\n", "١"],
  );
});

test("uuid takes the textual form in either case", () => {
  check(
    uuid,
    ["00000000-0000-0000-0000-000000000000", "018F4C9A-1B2C-7D3E-8F4A-5B6C7D8E9F0A"],
    [
      "018f4c9a1b2c7d3e8f4a5b6c7d8e9f0a",
      "g0000000-0000-0000-0000-000000000000",
      "{00000000-0000-0000-0000-000000000000}",
    ],
  );
});

test("slug takes lower-case words joined by single hyphens", () => {
  check(slug, ["a", "a-b-2"], ["", "A", "a--b", "-a", "a-", "a_b", "ä", "a".repeat(201)]);
});
