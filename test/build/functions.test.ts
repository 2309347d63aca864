import assert from "node:assert/strict";
import { copyFile, mkdir, readdir, realpath, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { createApp, godwit } from "../../packages/cli/src/cli.fixture.ts";
import { answers } from "./replay.ts";

const architecture = process.arch === "x64" ? "x64" : "arm64";
const other = architecture === "x64" ? "arm64" : "x64";

/** Links the addon into the app, as a package manager would. */
async function installAddon(root: string): Promise<void> {
  await mkdir(join(root, "node_modules/@node-rs"), { recursive: true });
  const from = await realpath(new URL("../node_modules/@node-rs/crc32", import.meta.url).pathname);
  await symlink(from, join(root, "node_modules/@node-rs/crc32"));
}

/** The addon's own file for this machine. */
async function findAddonFile(): Promise<string> {
  const addon = createRequire(import.meta.url).resolve("@node-rs/crc32");
  const siblings = join(dirname(await realpath(addon)), "..");
  for (const name of await readdir(siblings)) {
    for (const file of await readdir(join(siblings, name))) {
      if (file.endsWith(".node")) return join(siblings, name, file);
    }
  }
  throw new Error("the addon has no file for this machine");
}

const native = 'import { crc32 } from "@node-rs/crc32";\nexport const sum = (text: string) => String(crc32(text));\n';

test("CommonJS, an external package, an addon and included files answer from a built Lambda", async (t) => {
  const root = await createApp(t, {
    "godwit.config.ts": `export default { external: ["outside"], lambda: { architecture: "${architecture}" } };\n`,
    "node_modules/old/package.json": '{ "name": "old", "version": "1.0.0", "main": "index.js" }',
    "node_modules/old/index.js":
      'const { posix } = require("path");\nexports.join = posix.join;\nexports.late = () => require("node:os").EOL.length + typeof __filename;\n',
    "node_modules/outside/package.json":
      '{ "name": "outside", "version": "2.0.0", "type": "module", "exports": "./main.js" }',
    "node_modules/outside/main.js":
      'import { readFileSync } from "node:fs";\nexport default () => readFileSync(new URL("word.txt", import.meta.url), "utf8");\n',
    "node_modules/outside/word.txt": "from outside",
    "templates/hello/page.html": "<h1>hello</h1>",
    "lib/sum.ts": native,
    "routes/commonjs.ts":
      'import old from "old";\nexport const GET = () => new Response(old.join("a", "..", "b") + old.late());\n',
    "routes/external.ts": 'import word from "outside";\nexport const GET = () => new Response(word());\n',
    "routes/addon.ts": 'import { sum } from "../lib/sum.ts";\nexport const GET = () => new Response(sum("godwit"));\n',
    "routes/included.ts":
      'import { readFileSync } from "node:fs";\nimport { join } from "node:path";\nexport const config = { includeFiles: ["templates/**"] };\nexport const GET = () => new Response(readFileSync(join(import.meta.dirname, "templates/hello/page.html")));\n',
  });
  await installAddon(root);
  await answers({
    root,
    requests: [
      { path: "/commonjs", expect: { status: 200, body: "b1string" } },
      { path: "/external", expect: { status: 200, body: "from outside" } },
      { path: "/addon", expect: { status: 200, body: String(crc32("godwit")) } },
      { path: "/included", expect: { status: 200, body: "<h1>hello</h1>" } },
    ],
    runs: [{ target: "lambda" }, { target: "lambda", front: "function-url-stream" }, { target: "vercel" }],
  });
});

test("a .node file that the app imports by its path is carried along and loads", async (t) => {
  const root = await createApp(t, {
    "godwit.config.ts": `export default { lambda: { architecture: "${architecture}" } };\n`,
    "routes/deep/by-path.ts":
      'import addon from "../../native/crc32.node";\nexport const GET = () => new Response(String(addon.crc32(Buffer.from("godwit"))));\n',
    "routes/by-require.ts":
      'import sum from "../lib/sum.cjs";\nexport const GET = () => new Response(sum("godwit"));\n',
    "lib/sum.cjs":
      'const addon = require("../native/crc32.node");\nmodule.exports = (text) => String(addon.crc32(Buffer.from(text)));\n',
  });
  await mkdir(join(root, "native"));
  await copyFile(await findAddonFile(), join(root, "native/crc32.node"));
  const requests = ["/deep/by-path", "/by-require"].map((path) => ({
    path,
    expect: { status: 200, body: String(crc32("godwit")) },
  }));
  await answers({ root, requests, runs: [{ target: "lambda" }, { target: "node" }, { target: "vercel" }] });
  await writeFile(join(root, "godwit.config.ts"), `export default { lambda: { architecture: "${other}" } };\n`);
  const built = await godwit(["build", "--target", "lambda", "--root", root]);
  assert.match(built.stderr, /NATIVE_WRONG_ARCHITECTURE .* and native\/crc32\.node is built for linux/);
});

test("a native file for another machine than the function's fails the build with its name", async (t) => {
  const root = await createApp(t, {
    "godwit.config.ts": `export default { lambda: { architecture: "${other}" } };\n`,
    "lib/sum.ts": native,
    "routes/addon.ts": 'import { sum } from "../lib/sum.ts";\nexport const GET = () => new Response(sum("godwit"));\n',
  });
  await installAddon(root);
  const built = await godwit(["build", "--target", "lambda", "--root", root]);
  assert.equal(built.code, 1, built.stdout);
  assert.match(built.stderr, /NATIVE_WRONG_ARCHITECTURE/);
  assert.match(
    built.stderr,
    new RegExp(`addon runs on linux-${other}, and node_modules/@node-rs/.*\\.node is built for`),
  );
});

test("a native addon where none can be loaded is an error with the chain of imports", async (t) => {
  const root = await createApp(t, {
    "lib/sum.ts": native,
    "routes/addon.ts":
      'import { sum } from "../lib/sum.ts";\nexport const config = { runtime: "edge" };\nexport const GET = () => new Response(sum("godwit"));\n',
  });
  await installAddon(root);
  for (const [target, code, platform] of [
    ["cloudflare", "CAPABILITY_MISSING", "cloudflare"],
    ["vercel", "VERCEL_EDGE_IMPOSSIBLE", "vercel's edge"],
  ] as const) {
    const built = await godwit(["build", "--target", target, "--root", root]);
    assert.equal(built.code, 1, built.stdout);
    assert.ok(built.stderr.startsWith(`error ${code} `), built.stderr);
    const chain = "routes/addon.ts > lib/sum.ts > @node-rs/crc32";
    const says = `GET /addon uses the native @node-rs/crc32, which ${platform} cannot load: ${chain}`;
    assert.ok(built.stderr.includes(says), built.stderr);
  }
});

test("a built-in that a platform lacks is an error with the chain of imports", async (t) => {
  const root = await createApp(t, {
    "routes/report.ts": 'import { print } from "../lib/pdf.ts";\nexport const GET = () => new Response(print());\n',
    "lib/pdf.ts":
      'import { execFileSync } from "node:child_process";\nexport const print = () => execFileSync("date").toString();\n',
  });
  const built = await godwit(["build", "--target", "cloudflare", "--root", root]);
  assert.equal(built.code, 1, built.stdout);
  const says =
    "GET /report uses node:child_process, which cloudflare lacks: routes/report.ts > lib/pdf.ts > node:child_process";
  assert.ok(built.stderr.includes(says), built.stderr);
});
