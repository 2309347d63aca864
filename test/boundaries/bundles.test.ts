import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { root } from "./sources.ts";

const bin = join(root, "packages/cli/src/bin.ts");
mkdirSync(join(root, "test/.godwit"), { recursive: true });
const work = mkdtempSync(join(root, "test/.godwit/bundles-"));
after(() => rmSync(work, { recursive: true, force: true }));

function build(example: string, target: string, name: string): string {
  const folder = join(work, name, example);
  cpSync(join(root, "examples", example), folder, {
    recursive: true,
    filter: (path) => !/node_modules|dist|\.godwit$/.test(path.slice(root.length)),
  });
  execFileSync(process.execPath, [bin, "build", "--root", folder, "--target", target], { stdio: "pipe" });
  return join(folder, "dist", target);
}

/** Every file of a folder, hidden ones included. */
function filesOf(folder: string): string[] {
  return globSync(["**/*", "**/.*/**/*"], { cwd: folder })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
}

const code = (folder: string) =>
  filesOf(folder)
    .filter((path) => /\.m?js$/.test(path))
    .map((path) => readFileSync(join(folder, path), "utf8"))
    .join("\n");

/** Words that only one platform has any use for. */
const WORDS: Record<string, string[]> = {
  lambda: ["awslambda", "multiValueHeaders", "isBase64Encoded"],
  cloudflare: ["cf-connecting-ip", "cf-ray"],
  vercel: ["x-vercel-", "@vercel/request-context"],
  node: ["SIGTERM", "headersTimeout"],
};
/** Words of core's files that hello does not import. */
const UNUSED = [
  "access-control-allow-origin",
  "text/event-stream",
  "if-none-match",
  "__Host-",
  "x-frame-options",
  "cache-status",
];

for (const target of Object.keys(WORDS)) {
  test(`hello for ${target} holds no word of another platform, nor of what it does not import`, () => {
    const text = code(build("hello", target, "bleed")).toLowerCase();
    assert.ok(text.length > 1000);
    const foreign = Object.entries(WORDS).flatMap(([other, words]) => (other === target ? [] : words));
    const unused = target === "node" ? UNUSED.filter((word) => word !== "if-none-match") : UNUSED;
    assert.deepEqual(
      [...foreign, ...unused].filter((word) => text.includes(word.toLowerCase())),
      [],
    );
  });
}

/** Bytes of one hello function, minified and gzipped: what stands today plus a little, so that growth is a decision. */
const CEILINGS: Record<string, [bytes: number, gzip: number]> = {
  cloudflare: [7_450, 3_700],
  lambda: [13_000, 5_900],
  vercel: [8_000, 3_800],
};

for (const [target, [bytes, gzip]] of Object.entries(CEILINGS)) {
  test(`a function of hello for ${target} stays under ${bytes} bytes, ${gzip} gzipped`, () => {
    const folder = build("hello", target, "size");
    const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as {
      functions: { id: string; entry: string; files: { path: string }[] }[];
    };
    for (const { id, files } of manifest.functions) {
      const text = files.filter(({ path }) => /\.m?js$/.test(path)).map(({ path }) => readFileSync(join(folder, path)));
      const all = Buffer.concat(text);
      assert.ok(all.length <= bytes, `${id} has ${all.length} bytes`);
      assert.ok(
        gzipSync(all, { level: 9 }).length <= gzip,
        `${id} has ${gzipSync(all, { level: 9 }).length} bytes gzipped`,
      );
    }
  });
}

for (const target of Object.keys(WORDS)) {
  test(`two builds for ${target} in two folders are the same bytes, zips included`, () => {
    const [one, two] = ["one", "two"].map((name) => build("files", target, name));
    assert.ok(one && two);
    assert.deepEqual(filesOf(one), filesOf(two));
    for (const path of filesOf(one)) {
      assert.ok(readFileSync(join(one, path)).equals(readFileSync(join(two, path))), `${path} differs`);
      assert.ok(!readFileSync(join(one, path)).includes(work), `${path} names a folder of this machine`);
    }
  });
}
