import assert from "node:assert/strict";
import { test } from "node:test";
import { amendPolicy } from "./policy.ts";

const needs = { host: "localhost:3000", script: "/o.js", events: "/e", nonce: "abc" };
const amend = (policy: string, more: Partial<typeof needs> = {}) => amendPolicy(policy, { ...needs, ...more });

test("the overlay's two addresses are allowed, and everything else stays as it was", () => {
  for (const [policy, expected] of [
    ["img-src *", "img-src *"],
    ["", ""],
    [
      "default-src 'none'; img-src *",
      "default-src 'none'; img-src *; script-src-elem localhost:3000/o.js; connect-src localhost:3000/e",
    ],
    [
      "script-src 'self' 'unsafe-inline'",
      "script-src 'self' 'unsafe-inline'; script-src-elem 'self' 'unsafe-inline' localhost:3000/o.js",
    ],
    ["Script-Src-Elem a.test; script-src b.test", "script-src b.test; script-src-elem a.test localhost:3000/o.js"],
    ["connect-src a.test", "connect-src a.test localhost:3000/e"],
    [
      "default-src a, img-src b",
      "default-src a; script-src-elem a localhost:3000/o.js; connect-src a localhost:3000/e, img-src b",
    ],
  ] as const) {
    assert.equal(amend(policy), expected);
  }
});

test("where no address counts it is a nonce", () => {
  const strict = "script-src 'strict-dynamic' 'nonce-x'";
  assert.equal(amend(strict), `${strict}; script-src-elem 'strict-dynamic' 'nonce-x' 'nonce-abc'`);
  assert.match(amend("default-src 'none'", { host: "[::1]:3000" }), /script-src-elem 'nonce-abc'; connect-src 'self'$/);
});
