import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Manifest, parseManifest } from "@godwit/core/manifest";
import { createApp, godwit } from "../../packages/cli/src/cli.fixture.ts";

const bin = new URL("../../packages/cli/src/bin.ts", import.meta.url).pathname;

/** Every file below a folder with its hash. */
async function hashesOf(folder: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    hashes[file.slice(folder.length)] = createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
  }
  return hashes;
}

async function readManifest(root: string): Promise<Manifest> {
  return parseManifest(await readFile(join(root, "dist/lambda/manifest.json"), "utf8"));
}

const config = (text: string) => `export default { ${text} };\n`;

/** Builds with one config, then fails with another: `dist` must not know. */
async function refuses(t: TestContext, files: Record<string, string>, bad: Record<string, string>, says: RegExp) {
  const root = await createApp(t, files);
  const first = await godwit(["build", "--target", "lambda", "--root", root]);
  assert.equal(first.code, 0, first.stderr);
  const before = await hashesOf(join(root, "dist"));
  for (const [path, text] of Object.entries(bad)) await writeFile(join(root, path), text);
  const { code, stdout, stderr } = await godwit(["build", "--target", "lambda", "--root", root]);
  assert.equal(code, 1, stdout);
  assert.match(stderr, says);
  assert.deepEqual(await hashesOf(join(root, "dist")), before);
  assert.deepEqual((await readdir(join(root, "dist"))).sort(), ["lambda", "lambda.maps", "lambda.report"]);
  return `${stdout}${stderr}`;
}

const app = {
  "lib/words.ts": `export const words = ${JSON.stringify("words ".repeat(5_000))};\n`,
  "routes/index.ts": 'import { words } from "../lib/words.ts";\nexport const GET = () => new Response(words);\n',
  "routes/small.ts": 'export const GET = () => new Response("small");\n',
};

test("a function over its budget fails the build with its name, both numbers and what is heavy", async (t) => {
  const bad = { "godwit.config.ts": config("budgets: { function: { bytes: 25_000 } }") };
  const says =
    /BUDGET_EXCEEDED Function index has [34]\d,\d{3} bytes; budgets\.function is 25,000\. Heaviest: lib\/words\.ts 30,0/;
  await refuses(t, app, bad, says);
});

test("an app over its budget in all fails the build with what is heavy in it", async (t) => {
  const bad = { "godwit.config.ts": config("budgets: { total: { gzipBytes: 5_000 } }") };
  const says =
    /BUDGET_EXCEEDED The app has [\d,]+ bytes gzipped; budgets\.total is 5,000\. Heaviest: (?:.*, )?@godwit\/core [\d,]+/;
  await refuses(t, app, bad, says);
});

test("the value of a secret in a bundle fails the build and is not printed", async (t) => {
  const value = "correct horse battery";
  const files = {
    ...app,
    ".env": `GREETING=${value}\n`,
    "env.ts":
      'import { defineEnv } from "@godwit/core";\nimport * as z from "zod";\nexport default defineEnv({ vars: { GREETING: z.string() }, secrets: ["GREETING"] });\n',
  };
  const bad = { "routes/small.ts": `export const GET = () => new Response("${value}");\n` };
  const printed = await refuses(
    t,
    files,
    bad,
    /SECRET_IN_BUNDLE .*\n?.*the value of GREETING in function small, routes\/small\.ts/,
  );
  assert.ok(!printed.includes(value) && !printed.includes("horse"), printed);
});

test("the shape of a key in a bundle fails the build and is not printed", async (t) => {
  const key = `AKIA${"Q7RXMPLK".repeat(2)}`;
  const bad = { "lib/words.ts": `export const words = "${key}";\n` };
  const printed = await refuses(t, app, bad, /an AWS access key in function index, lib\/words\.ts/);
  assert.ok(!printed.includes(key), printed);
});

test("an out folder that cannot be is an error that names it", async (t) => {
  const root = await createApp(t, { ...app, file: "not a folder" });
  const { code, stderr } = await godwit(["build", "--target", "node", "--root", root, "--out", join(root, "file/out")]);
  assert.equal(code, 1);
  assert.match(stderr, /EMIT_FAILED .*file\/out\/node was left as it was: .*(ENOTDIR|not a directory)/);
  assert.equal(await readFile(join(root, "file"), "utf8"), "not a folder");
});

/** A file system of one megabyte on the folder; false where this user may not mount one. */
function mountSmall(folder: string): boolean {
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status === 0;
}

test("a build that finds no room, or fails as late, leaves the last one as it was", async (t) => {
  const root = await createApp(t, app);
  const out = join(root, "out");
  await mkdir(out);
  const isSmall = mountSmall(out);
  try {
    const first = await godwit(["build", "--target", "node", "--root", root, "--out", out]);
    assert.equal(first.code, 0, first.stderr);
    const before = await hashesOf(out);
    const noise = "0123456789".repeat(150_000);
    await writeFile(join(root, "lib/words.ts"), `export const words = "${noise}";\n`);
    // as late where no small disk can be had: the functions are written when start-up is judged
    if (!isSmall) await writeFile(join(root, "godwit.config.ts"), config("budgets: { startup: 0 }"));
    const args = ["build", "--target", "node", "--root", root, "--out", out, ...(isSmall ? [] : ["--measure"])];
    const second = await godwit(args);
    assert.equal(second.code, 1, second.stdout);
    const full = /EMIT_FAILED .*out\/node was left as it was: .*(ENOSPC|no space)/;
    assert.match(second.stderr, isSmall ? full : /STARTUP_EXCEEDED/);
    assert.deepEqual(await hashesOf(out), before);
    assert.deepEqual((await readdir(out)).sort(), ["node", "node.maps", "node.report"]);
  } finally {
    if (isSmall) execFileSync("umount", [out]);
  }
});

test("a build that is killed at any moment leaves a whole artefact, and the next one clears up", async (t) => {
  const files: Record<string, string> = { ...app };
  for (let at = 0; at < 40; at++)
    files[`routes/r${at}.ts`] = app["routes/index.ts"].replace("words);", `words + ${at});`);
  const root = await createApp(t, files);
  const args = ["build", "--target", "lambda", "--root", root];
  const first = await godwit(args);
  assert.equal(first.code, 0, first.stderr);
  const old = await hashesOf(join(root, "dist/lambda"));
  await writeFile(join(root, "lib/words.ts"), 'export const words = "changed";\n');
  for (let wait = 200; wait <= 1_400; wait += 300) {
    const child = spawn(process.execPath, [bin, ...args], { stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("close", resolve));
    const timer = setTimeout(() => child.kill("SIGKILL"), wait);
    await ended;
    clearTimeout(timer);
    const { functions } = await readManifest(root);
    for (const { files: all } of functions) {
      for (const { path, sha256 } of all) {
        const contents = await readFile(join(root, "dist/lambda", path));
        assert.equal(createHash("sha256").update(contents).digest("hex"), sha256, path);
      }
    }
  }
  const last = await godwit(args);
  assert.equal(last.code, 0, last.stderr);
  assert.notDeepEqual(await hashesOf(join(root, "dist/lambda")), old);
  assert.deepEqual((await readdir(join(root, "dist"))).sort(), ["lambda", "lambda.maps", "lambda.report"]);
});

test("--measure starts each function, writes down what it took, and judges the budget", async (t) => {
  const root = await createApp(t, app);
  const measured = await godwit(["build", "--target", "lambda", "--root", root, "--measure"]);
  assert.equal(measured.code, 0, measured.stderr);
  const text = await readFile(join(root, "dist/lambda/startup.json"), "utf8");
  const startup: Record<string, Record<string, unknown>> = JSON.parse(text);
  const ids = (await readManifest(root)).functions.map(({ id }) => id);
  assert.deepEqual(Object.keys(startup).sort(), ids.sort());
  for (const id of ids) {
    assert.equal(typeof startup[id]?.startupCpu, "number");
    assert.equal(typeof startup[id]?.firstUseCpu, "number");
  }
  const before = await hashesOf(join(root, "dist"));
  // CPU time and not the clock's: a busy machine gives a process less of it
  const slow =
    'const start = process.cpuUsage();\nwhile (process.cpuUsage(start).user < 300_000);\nexport const GET = () => new Response("slow");\n';
  await writeFile(join(root, "routes/small.ts"), slow);
  await writeFile(join(root, "godwit.config.ts"), config("budgets: { startup: 150 }"));
  const judged = await godwit(["build", "--target", "lambda", "--root", root, "--measure"]);
  assert.equal(judged.code, 1, judged.stdout);
  assert.match(judged.stderr, /STARTUP_EXCEEDED Over budgets\.startup of 150 ms of CPU: .*small takes [\d.]+ ms/);
  assert.deepEqual(await hashesOf(join(root, "dist")), before);
});
