import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root, sources } from "./sources.ts";

/** Where each code is declared: as the first argument of GodwitError or of a class below it, or as `code:` of an object. */
function declared(): Map<string, Set<string>> {
  const codes = new Map<string, Set<string>>();
  for (const { path, text } of sources()) {
    for (const [, thrown, member] of text.matchAll(
      /(?:GodwitError|EnvError|super)\(\s*"([A-Z][A-Z0-9_]+)"|\bcode: "([A-Z][A-Z0-9_]+)"/g,
    )) {
      const code = thrown ?? member ?? "";
      codes.set(code, (codes.get(code) ?? new Set()).add(path));
    }
  }
  return codes;
}

test("a code is declared in one file", () => {
  const shared = [...declared()]
    .filter(([, files]) => files.size > 1)
    .map(([code, files]) => `${code}: ${[...files].join(", ")}`);
  assert.deepEqual(shared, []);
});

test("docs/errors.md has a row for every code, sorted, and no other", () => {
  const page = readFileSync(join(root, "docs/errors.md"), "utf8");
  const rows = [...page.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \| .{10,} \| .{10,} \|$/gm)].map(([, code]) => code);
  assert.deepEqual(rows, [...declared().keys()].sort());
});
