import assert from "node:assert/strict";
import { test } from "node:test";
import { MANIFEST_VERSION, type Manifest, parseManifest, printSorted } from "./manifest.ts";

const manifest: Manifest = {
  version: MANIFEST_VERSION,
  app: "app",
  target: "node",
  deployer: "node",
  functions: [],
  front: { kind: "node", routes: [] },
  assets: [],
  resources: [],
  triggers: [],
  env: { vars: [], secrets: [] },
  verify: [],
  hash: "",
};

test("a printed manifest is parsed to the same value", () => {
  assert.deepEqual(parseManifest(printSorted(manifest)), manifest);
});

test("keys are sorted at every depth and arrays keep their order", () => {
  const text = printSorted({ b: [{ d: 1, c: 2 }, 1], a: { z: null, y: "x" } });
  assert.equal(text, `${JSON.stringify({ a: { y: "x", z: null }, b: [{ c: 2, d: 1 }, 1] }, null, 2)}\n`);
});

test("what is no manifest of this version is a coded error", () => {
  const wrong = [
    "",
    "null",
    "7",
    "[]",
    "{}",
    JSON.stringify({ ...manifest, version: 99 }),
    JSON.stringify({ ...manifest, front: {} }),
  ];
  for (const text of wrong) {
    assert.throws(
      () => parseManifest(text),
      (error) => error instanceof Error && "code" in error && error.code === "MANIFEST_INVALID",
      text,
    );
  }
});
