import assert from "node:assert/strict";
import { test } from "node:test";
import { samplePath } from "./sample.ts";

test("a sample has a segment for each that must be there, of its matcher's kind, and no other", () => {
  const samples = {
    "/": "/",
    "/users/[id=int]": "/users/1",
    "/[id=uuid]/a b": "/00000000-0000-4000-8000-000000000000/a%20b",
    "/a/[[tab]]": "/a",
    "/[...rest]": "/1",
    "/a/[[...rest]]": "/a",
  };
  for (const [pattern, path] of Object.entries(samples)) assert.equal(samplePath(pattern), path, pattern);
  assert.equal(samplePath(undefined), "/");
});
