import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReportData } from "@godwit/bundler";
import { createApp, godwit } from "./cli.fixture.ts";

const FILES = {
  "package.json": '{ "name": "shop" }',
  "routes/index.ts": 'export const GET = () => new Response("ok");\n',
  "routes/run.ts":
    'import { execSync } from "node:child_process";\nexport const GET = () => new Response(execSync("true"));\n',
};

/** A browser that writes down what it was asked to open. */
function createOpener(root: string): { env: Record<string, string>; log: string } {
  const folder = join(root, "bin");
  const log = join(root, "opened.txt");
  mkdirSync(folder);
  for (const name of ["xdg-open", "open"]) {
    writeFileSync(join(folder, name), `#!/bin/sh\nprintf '%s' "$1" > "${log}"\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return { env: { PATH: `${folder}${delimiter}${process.env.PATH}` }, log };
}

async function buildShop(t: TestContext): Promise<string> {
  const root = await createApp(t, FILES);
  const { code, stderr } = await godwit(["build", "--root", root, "--target", "lambda"]);
  assert.equal(code, 0, stderr);
  return root;
}

test("inspect opens the page of the last build in the browser and prints where it is", async (t) => {
  const root = await buildShop(t);
  const { env, log } = createOpener(root);
  const { code, stdout } = await godwit(["inspect", "--root", root, "--target", "lambda"], { env, cwd: root });
  assert.equal(code, 0);
  assert.match(stdout, /^shop on lambda: 3 functions, [\d.]+ kB\ndist\/lambda\.report\/report\.html\n$/);
  while (!existsSync(log) || readFileSync(log, "utf8") === "") await sleep(20);
  assert.equal(readFileSync(log, "utf8"), join(root, "dist/lambda.report/report.html"));
});

test("inspect --json prints the data, with the edge of every platform, and opens nothing", async (t) => {
  const root = await buildShop(t);
  const { env, log } = createOpener(root);
  const { code, stdout } = await godwit(["inspect", "--root", root, "--target", "lambda", "--json"], { env });
  assert.equal(code, 0);
  const { reports } = JSON.parse(stdout) as { reports: ReportData[] };
  const [report] = reports;
  assert.deepEqual(
    report?.edges.map(({ name }) => name),
    ["cloudflare", "vercel edge"],
  );
  const run = report?.functions.find(({ id }) => id === "run")?.routes[0];
  assert.match(run?.gaps["vercel edge"] ?? "", /routes\/run\.ts > node:child_process$/);
  assert.ok(!existsSync(log));
});

test("inspect without a report says how to get one", async (t) => {
  const root = await createApp(t, FILES);
  const { code, stderr } = await godwit(["inspect", "--root", root, "--no-open"]);
  assert.equal(code, 1);
  assert.match(stderr, /^error REPORT_ABSENT .*godwit build --target node/);
});

test("where nothing opens a browser, the path is there and that is no failure", async (t) => {
  const root = await buildShop(t);
  const env = { PATH: join(root, "nothing") };
  const { code, stdout } = await godwit(["inspect", "--root", root, "--target", "lambda"], { env, cwd: root });
  assert.equal(code, 0);
  assert.match(stdout, /^dist\/lambda\.report\/report\.html$/m);
});

test("BROWSER names the program that opens the page", async (t) => {
  const root = await buildShop(t);
  const { log } = createOpener(root);
  const BROWSER = join(root, "bin/open");
  await godwit(["inspect", "--root", root, "--target", "lambda"], { env: { BROWSER, PATH: "/usr/bin:/bin" } });
  while (!existsSync(log) || readFileSync(log, "utf8") === "") await sleep(20);
  assert.equal(readFileSync(log, "utf8"), join(root, "dist/lambda.report/report.html"));
});

test("build prints what changed since the last one, and which limit is nearest", async (t) => {
  const root = await buildShop(t);
  const again = await godwit(["build", "--root", root, "--target", "lambda"]);
  assert.match(again.stdout, /^built lambda: 3 functions, [\d.]+ kB, in /m);
  assert.match(again.stdout, /^nothing changed since the last build$/m);
  writeFileSync(join(root, "routes/index.ts"), `export const GET = () => new Response("${"long ".repeat(300)}");\n`);
  writeFileSync(join(root, "routes/more.ts"), FILES["routes/index.ts"]);
  writeFileSync(join(root, "godwit.config.ts"), "export default { budgets: { function: { bytes: 20_000 } } };\n");
  const { stdout } = await godwit(["build", "--root", root, "--target", "lambda"]);
  assert.match(stdout, /^built lambda: 4 functions, [\d.]+ kB \(\+[\d.]+ kB\), in /m);
  assert.match(stdout, /^added {3}more$/m);
  assert.match(stdout, /^changed index \+1\.5 kB, most by routes\/index\.ts \+1\.\d kB$/m);
  assert.match(stdout, /^nearest limit: size of index, 1\d\.\d kB of 20\.0 kB \(\d\d%, the config's budget\)$/m);
});
