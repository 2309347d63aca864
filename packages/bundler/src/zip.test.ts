import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { inflateRawSync } from "node:zlib";
import { createFolder } from "./bundle.fixture.ts";
import { deflate, zip } from "./zip.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);

const FILES = [
  { path: "z/deep/file.txt", contents: bytes("a line of text\n".repeat(500)) },
  { path: "empty", contents: bytes("") },
  { path: "ünïcode name.mjs", contents: bytes("export default 1;\n") },
  { path: "noise.bin", contents: Uint8Array.from({ length: 4096 }, (_, at) => (at * at * 2654435761) >>> 13) },
];

/** Reads a zip by its central directory, the way every reader does. */
function unzip(archive: Uint8Array): Map<string, string> {
  const buffer = Buffer.from(archive);
  const end = buffer.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const files = new Map<string, string>();
  let at = buffer.readUInt32LE(end + 16);
  for (let left = buffer.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = buffer.readUInt16LE(at + 28);
    const name = buffer.toString("utf8", at + 46, at + 46 + nameLength);
    const local = buffer.readUInt32LE(at + 42);
    const start = local + 30 + buffer.readUInt16LE(local + 26) + buffer.readUInt16LE(local + 28);
    const data = buffer.subarray(start, start + buffer.readUInt32LE(at + 20));
    const contents = buffer.readUInt16LE(at + 10) === 8 ? inflateRawSync(data) : data;
    assert.equal(contents.length, buffer.readUInt32LE(at + 24));
    files.set(name, contents.toString("base64"));
    at += 46 + nameLength + buffer.readUInt16LE(at + 30) + buffer.readUInt16LE(at + 32);
  }
  return files;
}

function has(tool: string): boolean {
  try {
    execFileSync(tool, ["--help"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function writeZip(t: TestContext): string {
  const root = createFolder(t, { "a.zip": zip(FILES) });
  return join(root, "a.zip");
}

test("a zip holds the files, sorted, and reads back", () => {
  const files = unzip(zip(FILES));
  assert.deepEqual([...files.keys()], FILES.map((file) => file.path).sort());
  for (const { path, contents } of FILES) assert.equal(files.get(path), Buffer.from(contents).toString("base64"));
});

test("unzip(1) and Python's zipfile accept it where they are installed", (t) => {
  const file = writeZip(t);
  const answers = [
    ["unzip", "-t", file],
    ["python3", "-m", "zipfile", "-t", file],
  ]
    .filter(([tool = ""]) => has(tool))
    .map(([tool = "", ...args]) =>
      execFileSync(tool, args, { encoding: "utf8", env: { ...process.env, LC_ALL: "C.UTF-8" } }),
    );
  for (const answer of answers) assert.match(answer, /No errors|Done testing/);
  assert.ok(readFileSync(file).length > 0);
});

test("the same files are the same bytes, whatever their order or age", () => {
  const again = FILES.toReversed().map(({ path, contents }) => ({ path, contents: Uint8Array.from(contents) }));
  assert.deepEqual(Buffer.from(zip(again)), Buffer.from(zip(FILES)));
});

test("contents that deflate does not shrink are stored", () => {
  const noise = Uint8Array.from({ length: 256 }, (_, at) => at);
  assert.equal(deflate(noise).method, 0);
  assert.deepEqual(unzip(zip([{ path: "n", contents: noise }])).get("n"), Buffer.from(noise).toString("base64"));
});

test("one contents object is deflated once", () => {
  const contents = bytes("shared ".repeat(1000));
  assert.equal(deflate(contents), deflate(contents));
});

test("two files of one name are an error, not a broken archive", () => {
  const file = { path: "a", contents: bytes("1") };
  assert.throws(() => zip([file, file]), { code: "ZIP_NAME_TWICE" });
});

test("an empty zip is one", (t) => {
  const root = createFolder(t, {});
  writeFileSync(join(root, "e.zip"), zip([]));
  assert.equal(readFileSync(join(root, "e.zip")).length, 22);
});
