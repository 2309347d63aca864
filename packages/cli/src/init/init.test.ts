import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { createApp, godwit } from "../cli.fixture.ts";

const exec = promisify(execFile);
const tsc = new URL("../../../../node_modules/typescript/bin/tsc", import.meta.url).pathname;
const QUIET = ["--yes", "--no-install"];
/** What package managers tell those whom they run. */
const agent = (name: string) => ({ npm_config_user_agent: `${name} node/v24.0.0 linux x64` });

/** As a user's shell: a test in a test would report to the outer one. */
async function node(cwd: string, ...args: string[]): Promise<string> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await exec(process.execPath, args, { cwd, env });
  return stdout;
}

async function checkTypes(root: string): Promise<void> {
  const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", root], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
}

test("init makes an app that type-checks, passes its test and builds", async (t) => {
  const folder = await createApp(t, {});
  const { code, stdout, stderr } = await godwit(["init", "my-app", ...QUIET], { cwd: folder });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /wrote my-app, for node/);
  assert.match(stdout, /Next:\n {2}cd my-app && \w+ install\n {2}\w.* dev\n$/);
  const root = join(folder, "my-app");
  await checkTypes(root);
  assert.match(await node(root, "--test"), /pass 1/);
  const built = await godwit(["build", "--root", root]);
  assert.equal(built.code, 0, built.stderr);
  assert.match(built.stdout, /\/hello\/\[name\]/);
});

for (const target of ["node", "lambda", "cloudflare", "vercel"]) {
  test(`init --target ${target} makes an app that builds for it without a word`, async (t) => {
    const folder = await createApp(t, {});
    const root = join(folder, "app");
    const { code, stderr } = await godwit(["init", root, ...QUIET, "--target", target]);
    assert.equal(code, 0, stderr);
    assert.equal(existsSync(join(root, "godwit.config.ts")), target !== "node");
    await checkTypes(root);
    const { built } = JSON.parse((await godwit(["build", "--json", "--root", root])).stdout) as {
      built: { target: string }[];
    };
    assert.deepEqual(
      built.map((one) => one.target),
      [target],
    );
  });
}

test("what docs/getting-started.md says of the app holds, file by file", async (t) => {
  const folder = await createApp(t, {});
  const root = join(folder, "my-app");
  await godwit(["init", root, ...QUIET]);
  const page = readFileSync(new URL("../../../../docs/getting-started.md", import.meta.url), "utf8");
  const files = [...page.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms)];
  const [asMade, ...changes] = files.map(([, path = "", text = ""]) => ({ path, text }));
  assert.equal(asMade?.text, readFileSync(join(root, asMade?.path ?? ""), "utf8"));
  assert.deepEqual(
    changes.map(({ path }) => path),
    ["routes/hello/[name].ts", "app.test.ts"],
  );
  for (const { path, text } of changes) writeFileSync(join(root, path), text);
  assert.equal((await godwit(["generate", "route", "users/[id]", "--methods", "GET,POST", "--root", root])).code, 0);
  await checkTypes(root);
  assert.match(await node(root, "--test"), /pass 1/);
});

test("an existing config is kept, and named", async (t) => {
  const root = await createApp(t, { "package.json": "{}", "godwit.config.mjs": "export default {};\n" });
  const { stdout } = await godwit(["init", root, ...QUIET, "--target", "vercel"]);
  assert.match(stdout, /godwit\.config\.mjs \(kept as it was\)/);
  assert.ok(!existsSync(join(root, "godwit.config.ts")));
});

test("--json says what was written, and which two commands come next", async (t) => {
  const folder = await createApp(t, { "package-lock.json": "{}" });
  const { stdout } = await godwit(["init", "first", "--json", "--no-install"], { cwd: folder });
  const { name, created, next, manager } = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual([name, manager, next], ["first", "npm", ["cd first && npm install", "npm run dev"]]);
  assert.deepEqual((created as string[]).toSorted(), [
    ".gitignore",
    "README.md",
    "app.test.ts",
    "package.json",
    "routes/hello/[name].ts",
    "routes/index.ts",
    "tsconfig.json",
  ]);
});

test("a lockfile names the package manager, whoever runs the command", async (t) => {
  const folder = await createApp(t, { "a/package.json": '{ "name": "a" }', "a/yarn.lock": "" });
  const { stdout } = await godwit(["init", "a", "--json", "--no-install"], { cwd: folder, env: agent("npm/10.9.0") });
  assert.equal((JSON.parse(stdout) as { manager: string }).manager, "yarn");
});

test("without a lockfile it is who runs the command, who learns which install scripts may run", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "godwit-init-")); // outside the workspace, which has a lockfile
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, hasFile] of [
    ["npm", false],
    ["pnpm", true],
  ] as const) {
    const root = join(folder, name);
    const { stdout } = await godwit(["init", root, "--json", "--no-install"], { env: agent(`${name}/11.2.0`) });
    assert.equal((JSON.parse(stdout) as { manager: string }).manager, name);
    assert.equal(existsSync(join(root, "pnpm-workspace.yaml")), hasFile);
    const told = readFileSync(join(root, hasFile ? "pnpm-workspace.yaml" : "package.json"), "utf8");
    assert.match(told, /esbuild"?: true,?\n +"?workerd"?: true,?\n +"?aws-lambda-ric"?: false/);
  }
});

test("an install that fails leaves the app whole, and says so", async (t) => {
  const folder = await createApp(t, {});
  const ran = await godwit(["init", "app", "--json"], { cwd: folder, env: { PATH: "/nowhere" } });
  assert.equal(ran.code, 1);
  assert.match(ran.stdout, /"INSTALL_FAILED"/);
  assert.ok(existsSync(join(folder, "app/routes/index.ts")));
});

test("a package whose script dev is about something else is told the command itself", async (t) => {
  const root = await createApp(t, {
    "package.json": '{ "scripts": { "dev": "vite", "build": "godwit build" } }',
    "package-lock.json": "{}",
  });
  const { stdout } = await godwit(["init", ".", ...QUIET], { cwd: root });
  assert.match(stdout, /Next:\n {2}npm install\n {2}npx godwit dev\n$/);
});

test("an existing package keeps its files, its indent and its scripts, and gets what is missing", async (t) => {
  const own =
    '{\n\t"name": "shop",\n\t"files": ["dist"],\n\t"scripts": {\n\t\t"build": "tsc"\n\t},\n\t"type": "module"\n}\n';
  const root = await createApp(t, { "package.json": own, "tsconfig.json": "{}\n", ".gitignore": "mine\n" });
  const { code, stdout } = await godwit(["init", root, ...QUIET]);
  assert.equal(code, 0);
  assert.match(stdout, /tsconfig\.json \(kept as it was\)/);
  assert.match(stdout, /\.gitignore \(kept as it was\)/);
  assert.match(stdout, /package\.json \(what was missing is added\)/);
  assert.equal(readFileSync(join(root, "tsconfig.json"), "utf8"), "{}\n");
  assert.equal(readFileSync(join(root, ".gitignore"), "utf8"), "mine\n");
  const text = readFileSync(join(root, "package.json"), "utf8");
  assert.ok(
    text.startsWith('{\n\t"name": "shop",\n\t"files": ["dist"],\n\t"scripts": {\n\t\t"build": "tsc",\n\t\t"dev": '),
  );
  const { scripts, devDependencies } = JSON.parse(text) as Record<string, Record<string, string>>;
  assert.equal(scripts?.build, "tsc");
  assert.equal(scripts?.dev, "godwit dev");
  assert.ok(devDependencies?.godwit);
  const again = await godwit(["init", root, ...QUIET]);
  assert.match(again.stdout, /kept shop/);
  assert.equal(readFileSync(join(root, "package.json"), "utf8"), text);
});

test("a package that is there learns which install scripts may run, and a workspace of pnpm's is told the lines", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "godwit-init-")); // as above
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "package.json"), '{ "allowScripts": { "esbuild": true } }');
  const npm = await godwit(["init", folder, ...QUIET], { env: agent("npm/12.0.0") });
  assert.equal(npm.code, 0, npm.stderr);
  const { allowScripts } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, unknown>;
  assert.deepEqual(allowScripts, { esbuild: true, workerd: true, "aws-lambda-ric": false });
  writeFileSync(join(folder, "pnpm-workspace.yaml"), "packages: []\n");
  const pnpm = await godwit(["init", folder, ...QUIET], { env: agent("pnpm/11.2.0") });
  assert.match(pnpm.stderr, /pnpm-workspace\.yaml is there already[\s\S]*\nallowBuilds:\n {2}esbuild: true\n/);
  assert.equal(readFileSync(join(folder, "pnpm-workspace.yaml"), "utf8"), "packages: []\n");
});

test("an app that has routes gets no other, and one with a test runner of its own no test", async (t) => {
  const root = await createApp(t, { "package.json": '{ "scripts": { "test": "vitest" } }', "routes/a.ts": "" });
  await godwit(["init", root, ...QUIET]);
  assert.deepEqual(readdirSync(join(root, "routes")), ["a.ts"]);
  assert.ok(!readdirSync(root).some((name) => name.includes(".test.")));
});

test("a package of CommonJS gets a test and routes that work in it", async (t) => {
  const root = await createApp(t, {
    "package.json": `{"name": "old", "type": "commonjs", "scripts": {"test": ${JSON.stringify('echo "Error: no test specified" && exit 1')}}}`,
  });
  assert.equal((await godwit(["init", root, ...QUIET])).code, 0);
  await checkTypes(root);
  assert.match(await node(root, "--test"), /pass 1/);
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, { test: string }>;
  assert.equal(scripts?.test, "node --test");
});

for (const [what, files, args, code] of [
  ["a folder with files and no package", { "notes.txt": "" }, ["."], "FOLDER_NOT_EMPTY"],
  ["a file", { "notes.txt": "" }, ["notes.txt"], "FOLDER_IS_FILE"],
  ["a name that no app can have", {}, ["My App!"], "APP_NAME_INVALID"],
  ["a name that climbs", {}, ["app", "--name", "../app"], "APP_NAME_INVALID"],
  ["a package.json that is broken", { "package.json": "{,}" }, ["."], "PACKAGE_INVALID"],
  ["a package.json with scripts that are none", { "package.json": '{"scripts":[]}' }, ["."], "PACKAGE_INVALID"],
  ["a package whose routes is a file", { "package.json": "{}", routes: "" }, ["."], "FOLDER_IS_FILE"],
  ["a folder below a file", { "notes.txt": "" }, ["notes.txt/app"], "FOLDER_NOT_WRITABLE"],
] as const) {
  test(`init in ${what} is ${code} and writes nothing`, async (t) => {
    const root = await createApp(t, files);
    const ran = await godwit(["init", ...args, ...QUIET, "--json"], { cwd: root });
    assert.equal(ran.code, 1);
    assert.equal((JSON.parse(ran.stdout) as { error: { code: string } }).error.code, code);
    assert.deepEqual(readdirSync(root), Object.keys(files));
    for (const [path, text] of Object.entries(files)) assert.equal(readFileSync(join(root, path), "utf8"), text);
  });
}

test("when one file cannot be written, those before it are taken back", async (t) => {
  const root = await createApp(t, { "package.json": '{"type":"module"}' });
  symlinkSync("/proc/nowhere", join(root, "app.test.ts")); // a link that leads nowhere: not there, and not to be made
  const { code, stderr } = await godwit(["init", root, ...QUIET]);
  assert.equal(code, 1);
  assert.match(stderr, /^error FILE_EXISTS .*app\.test\.ts/);
  assert.deepEqual(readdirSync(root).sort(), ["app.test.ts", "package.json"]);
  assert.equal(readFileSync(join(root, "package.json"), "utf8"), '{"type":"module"}');
});

test("an unknown target is wrong usage", async (t) => {
  const root = await createApp(t, {});
  assert.equal((await godwit(["init", root, "--target", "lamda"])).code, 64);
  assert.deepEqual(readdirSync(root), []);
});
