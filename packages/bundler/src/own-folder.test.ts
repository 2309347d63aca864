import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isFull, makeFolder, whyNotWritten } from "./own-folder.ts";

test("folders are made with those above them, and again without a word", (t) => {
  const root = mkdtempSync(join(tmpdir(), "godwit-folder-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const deep = join(root, "a/b/c");
  makeFolder(deep);
  makeFolder(deep);
  assert.ok(statSync(deep).isDirectory());
  writeFileSync(join(root, "file"), "");
  assert.throws(() => makeFolder(join(root, "file/below")), { code: "ENOTDIR" });
});

test("what the file system said is told in words, with the call, and only a full disk asks for room", () => {
  const failed = (code: string) => Object.assign(new Error(`${code}: said so, mkdir '/a'`), { code });
  assert.equal(whyNotWritten(failed("EROFS")), "the file system is read-only (EROFS: said so, mkdir '/a')");
  assert.equal(whyNotWritten(failed("EIO")), "EIO: said so, mkdir '/a'");
  assert.equal(whyNotWritten("odd"), "odd");
  assert.deepEqual([isFull(failed("ENOSPC")), isFull(failed("EROFS")), isFull(undefined)], [true, false, false]);
});
