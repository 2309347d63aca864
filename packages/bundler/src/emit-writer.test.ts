import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createFolder } from "./bundle.fixture.ts";
import { createWriter } from "./emit-writer.ts";

const inode = (...path: string[]) => statSync(join(...path)).ino;

test("what the last build has with the same bytes gets a second name, and no new file", (t) => {
  const last = createFolder(t, { "a/same.js": "same", "a/other.js": "old" });
  const next = createFolder(t, {});
  const writer = createWriter(next, last);
  for (const path of ["a/same.js", "a/other.js", "a/new.js"]) {
    writer.add(path, Buffer.from(path === "a/same.js" ? "same" : "new"));
  }
  assert.equal(inode(next, "a/same.js"), inode(last, "a/same.js"));
  assert.equal(readFileSync(join(next, "a/other.js"), "utf8"), "new");
  assert.equal(readFileSync(join(last, "a/other.js"), "utf8"), "old");
  assert.equal(readFileSync(join(next, "a/new.js"), "utf8"), "new");
});

test("a file of the last build that somebody has written into is not taken for the same", (t) => {
  const last = createFolder(t, { "index.js": "as built" });
  writeFileSync(join(last, "index.js"), "by hand.");
  const next = createFolder(t, {});
  createWriter(next, last).add("index.js", Buffer.from("as built"));
  assert.equal(readFileSync(join(next, "index.js"), "utf8"), "as built");
});

test("large contents that many paths have are one file", (t) => {
  const folder = createFolder(t, {});
  const writer = createWriter(folder);
  const contents = Buffer.alloc(20_000, "x");
  for (const name of ["a", "b"]) writer.add(`${name}/chunk.js`, contents);
  assert.equal(inode(folder, "a/chunk.js"), inode(folder, "b/chunk.js"));
});
