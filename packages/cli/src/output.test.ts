import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { showPath, showUrl, size, table } from "./output.ts";

test("a table's last column is wrapped at 120 columns, under itself", () => {
  const reason = "because ".repeat(30).trim();
  const lines = stripVTControlCharacters(table(["id", "size", "why"], [["users", "1 B", reason]], [1])).split("\n");
  assert.equal(lines[0], "id     size  why");
  assert.ok(lines.length > 2);
  for (const line of lines.slice(1))
    assert.ok(line.length <= 120 && /^(?:users {3}1 B {2}| {13})because/.test(line), line);
});

test("the address of all addresses is shown as one that a browser takes", () => {
  assert.equal(showUrl(new URL("http://0.0.0.0:3000/")), "http://localhost:3000/");
  assert.equal(showUrl(new URL("http://[::]:3000/")), "http://localhost:3000/");
  assert.equal(showUrl(new URL("http://[::1]:3000/")), "http://[::1]:3000/");
});

test("paths are shown from the folder that the user is in", () => {
  assert.equal(showPath(resolve("dist/node")), join("dist", "node"));
  assert.equal(showPath(resolve("../../../elsewhere/dist")), resolve("../../../elsewhere/dist"));
  assert.equal(showPath(process.cwd()), ".");
});

test("sizes are in powers of 1000", () => {
  assert.deepEqual([999, 1500, 2_340_000].map(size), ["999 B", "1.5 kB", "2.3 MB"]);
});
