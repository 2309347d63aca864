import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createApp, godwit } from "./cli.fixture.ts";
import { findTool, loadTools } from "./project/tools.ts";

const ROUTE = { "routes/index.ts": 'export const GET = () => new Response("ok");' };

test("doctor names the capability that a target lacks, with the chain of imports, and its code", async (t) => {
  const root = await createApp(t, {
    "lib/pdf.ts": 'import { execSync } from "node:child_process";\nexport const pdf = () => String(execSync("true"));',
    "routes/report.ts": 'import { pdf } from "../lib/pdf.ts";\nexport const GET = () => new Response(pdf());',
  });
  const { code, stdout } = await godwit(["doctor", "--root", root, "--target", "cloudflare,node"]);
  assert.equal(code, 1);
  const chain = "routes/report.ts > lib/pdf.ts > node:child_process";
  assert.match(stdout, /^fail routes \(cloudflare\) CAPABILITY_MISSING GET \/report uses node:child_process/m);
  assert.ok(stdout.includes(chain));
  assert.match(stdout, /^ok {3}routes \(node\) 1 route in 1 function$/m);
});

test("doctor --json is one value with levels and codes, and a folder that is no app fails in it", async (t) => {
  const root = await createApp(t, { "public/x.txt": "x" });
  const { code, stdout } = await godwit(["doctor", "--root", root, "--json"]);
  assert.equal(code, 1);
  const { findings } = JSON.parse(stdout) as { findings: { check: string; level: string; code?: string }[] };
  assert.equal(findings.find(({ check }) => check === "routes (node)")?.code, "ROUTES_MISSING");
});

test("doctor warns of .env files that git would take, and of a warning does not fail", async (t) => {
  const root = await createApp(t, { ...ROUTE, ".env": "A=1\n", ".env.local": "B=1\n", ".gitignore": "*.local\n" });
  execFileSync("git", ["init", "-q"], { cwd: root });
  const { code, stdout } = await godwit(["doctor", "--root", root]);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^warn secrets git does not ignore \.env\. /m);
});

test("a .env file that is no UTF-8 is named by doctor and by build", async (t) => {
  const root = await createApp(t, { ...ROUTE, ".env.dev": new Uint8Array([0x41, 0x3d, 0xff, 0x0a]) });
  assert.match(
    (await godwit(["doctor", "--root", root])).stdout,
    /^fail env \(node, dev\) ENV_FILE_UNREADABLE \.env\.dev/m,
  );
  const { code, stderr } = await godwit(["build", "--root", root]);
  assert.equal(code, 1);
  assert.match(stderr, /^error ENV_FILE_UNREADABLE \.env\.dev/);
});

test("a stage is a name, not a path", async (t) => {
  const root = await createApp(t, ROUTE);
  const { code, stderr } = await godwit(["build", "--root", root, "--stage", "../../x"]);
  assert.equal(code, 64);
  assert.match(stderr, /A stage is named with/);
});

test("help tells defaults and exit codes, and knows each command by its name", async () => {
  const { code, stdout } = await godwit(["help", "build"]);
  assert.equal(code, 0);
  assert.match(stdout, /default: dist in the\s+app's folder/);
  assert.match(stdout, /Exit codes: 0 ok, 1 failed, 64 wrong usage, 130 interrupted/);
  assert.equal((await godwit(["help"])).code, 0);
});

test("an option without its value is wrong usage", async () => {
  for (const option of ["--target", "--out", "--root", "--stage"]) {
    const { code, stderr } = await godwit(["build", option]);
    assert.equal(code, 64);
    assert.match(stderr, /argument missing/);
  }
});

test("errors under --json are one value on standard output, for every command", async (t) => {
  const root = await createApp(t, { "public/x.txt": "x", "requests.json": '[{ "path": "/" }]' });
  for (const args of [["build"], ["routes"], ["preview", "--build"], ["conform", join(root, "requests.json")]]) {
    const { code, stdout } = await godwit([...args, "--root", root, "--json"]);
    assert.equal(code, 1);
    assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, "ROUTES_MISSING");
  }
});

test("conform without a table and without verify says how to give one", async (t) => {
  const root = await createApp(t, ROUTE);
  const { code, stderr } = await godwit(["conform", "--root", root]);
  assert.equal(code, 1);
  assert.match(stderr, /^error CONFORM_REQUESTS_MISSING .*conform requests\.json/);
});

test("build --measure prints start-up and first use, a target named twice is built once, dist is shown from here", async (t) => {
  const root = await createApp(t, ROUTE);
  const { code, stdout } = await godwit(["build", "--target", "node,node", "--measure"], { cwd: root });
  assert.equal(code, 0);
  assert.equal(stdout.match(/^built/gm)?.length, 1);
  assert.match(stdout, /^function .* start-up +first use +why$/m);
  assert.match(stdout, /\d ms +(?:< 1|\d+\.\d) ms/);
  assert.match(stdout, /^dist\/node$/m);
  assert.ok(!stdout.includes(root));
});

test("a reader that has enough is no fault of the command", async (t) => {
  const root = await createApp(t, ROUTE);
  const bin = new URL("bin.ts", import.meta.url).pathname;
  const line = `"${process.execPath}" "${bin}" routes --root "${root}"; echo "ended $?" >&2`;
  const { stderr } = spawnSync("sh", ["-c", `( ${line} ) | true`], { encoding: "utf8" });
  assert.equal(stderr, "ended 0\n");
});

test("every command that reads the app writes its types", async (t) => {
  for (const command of ["build", "routes", "doctor"]) {
    const root = await createApp(t, ROUTE);
    assert.equal((await godwit([command, "--root", root])).code, 0);
    assert.ok(existsSync(join(root, ".godwit/types.d.ts")), command);
  }
  const root = await createApp(t, { ...ROUTE, ".godwit": "no folder" });
  assert.equal((await godwit(["build", "--root", root])).code, 0);
});

test("a missing tool is an error with its reason and the command that installs it", async (t) => {
  const root = await createApp(t, { ...ROUTE, "yarn.lock": "" });
  process.env.CI = "1"; // nobody is asked
  await assert.rejects(loadTools(root, { "no-such-tool-here": "it plays the platform" }), {
    code: "TOOL_MISSING",
    message: /it plays the platform\. Install it with: yarn add -D no-such-tool-here$/,
  });
});

test("a tool is found as soon as it is installed, by the command that missed it", async (t) => {
  const root = await createApp(t, ROUTE);
  assert.equal(findTool(root, "late-tool"), undefined);
  const folder = join(root, "node_modules/late-tool");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "main": "main.cjs" }');
  writeFileSync(join(folder, "main.cjs"), "module.exports = 1;");
  assert.equal(findTool(root, "late-tool"), join(folder, "main.cjs"));
});
