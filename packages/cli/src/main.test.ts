import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createApp, godwit } from "./cli.fixture.ts";

const ROUTE = { "routes/index.ts": 'export const GET = () => new Response("ok");' };

test("without a command it prints help and ends with 64", async () => {
  const { code, stdout } = await godwit([]);
  assert.equal(code, 64);
  for (const name of ["build", "preview", "routes", "conform", "doctor"])
    assert.match(stdout, new RegExp(`^  ${name} `, "m"));
});

test("--help and --version end with 0", async () => {
  assert.equal((await godwit(["build", "--help"])).code, 0);
  const { code, stdout } = await godwit(["--version"]);
  assert.equal(code, 0);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

for (const args of [
  ["bild"],
  ["build", "--traget", "node"],
  ["build", "--target", "lamda"],
  ["preview", "--port", "x"],
]) {
  test(`${args.join(" ")} is wrong usage: 64, with a hint`, async () => {
    const { code, stderr, stdout } = await godwit(args);
    assert.equal(code, 64);
    assert.equal(stdout, "");
    assert.match(stderr, /error: /);
  });
}

test("a mistyped target names the one that was meant", async () => {
  const { stderr } = await godwit(["build", "--target", "lamda"]);
  assert.match(stderr, /Did you mean lambda\?/);
});

test("wrong usage under --json is JSON", async () => {
  const { code, stdout } = await godwit(["build", "--nope", "--json"]);
  assert.equal(code, 64);
  assert.deepEqual(JSON.parse(stdout), { error: { code: "USAGE", message: "unknown option '--nope'" } });
});

test("a folder without routes is no app", async (t) => {
  const root = await createApp(t, { "package.json": "{}" });
  const { code, stderr } = await godwit(["build", "--root", root]);
  assert.equal(code, 1);
  assert.match(stderr, /^error ROUTES_MISSING .*has no folder routes\//);
});

test("an unknown key of the config is named, with the one that was meant", async (t) => {
  const root = await createApp(t, { ...ROUTE, "godwit.config.ts": "export default { groupin: 1 };" });
  const { code, stderr } = await godwit(["build", "--root", root]);
  assert.equal(code, 1);
  assert.match(stderr, /^error CONFIG_INVALID godwit\.config\.ts is not valid:/);
  assert.match(stderr, /groupin.*Did you mean grouping\?/);
});

test("an unknown key below is told beside those that are known there", async (t) => {
  const files = { ...ROUTE, "godwit.config.ts": "export default { deploy: { lambda: {}, canary: { sample: 1 } } };" };
  const { stderr } = await godwit(["build", "--root", await createApp(t, files)]);
  assert.match(stderr, /deploy: .*lambda.*There are .*aws/);
  assert.match(stderr, /deploy\.canary: .*Did you mean samples\?/);
});

test("an unknown key of a target's slice is named with its path", async (t) => {
  const root = await createApp(t, { ...ROUTE, "godwit.config.ts": "export default { cloudflare: { plann: 1 } };" });
  const { code, stderr } = await godwit(["build", "--root", root, "--target", "cloudflare"]);
  assert.equal(code, 1);
  assert.match(stderr, /CONFIG_INVALID/);
  assert.match(stderr, /cloudflare.*plann/);
});

test("a config that throws says so, and one that is no TypeScript names file and line", async (t) => {
  const throwing = await createApp(t, { ...ROUTE, "godwit.config.ts": 'throw new Error("no luck");' });
  assert.match(
    (await godwit(["build", "--root", throwing])).stderr,
    /^error CONFIG_FAILED godwit\.config\.ts .*no luck/,
  );
  const broken = await createApp(t, { ...ROUTE, "godwit.config.ts": "export default {;" });
  const { code, stderr } = await godwit(["build", "--root", broken]);
  assert.equal(code, 1);
  assert.match(stderr, /godwit\.config\.ts:1:17/);
});

test("a route that is no TypeScript names file, line and column, and leaves the last build as it was", async (t) => {
  const root = await createApp(t, ROUTE);
  assert.equal((await godwit(["build", "--root", root])).code, 0);
  const before = readFileSync(join(root, "dist/node/manifest.json"), "utf8");
  const broken = await createApp(t, { "routes/index.ts": "export const GET = (;" });
  const { code, stderr } = await godwit(["build", "--root", broken, "--out", join(root, "dist")]);
  assert.equal(code, 1);
  assert.match(stderr, /routes\/index\.ts:1:2\d/);
  assert.equal(readFileSync(join(root, "dist/node/manifest.json"), "utf8"), before);
});

test("a route of bytes that are not text is an error that names it", async (t) => {
  const root = await createApp(t, { "routes/index.ts": new Uint8Array([0xff, 0xfe, 0x00, 0x80]) });
  const { code, stderr } = await godwit(["build", "--root", root]);
  assert.equal(code, 1);
  assert.match(stderr, /^error [A-Z_]+ .*routes\/index\.ts/);
});

test("a route whose bytes are no UTF-8 is refused, not mended", async (t) => {
  const source = Buffer.from('export const GET = () => new Response("caf\u00e9");', "latin1");
  const root = await createApp(t, { "routes/index.ts": source });
  const { code, stderr } = await godwit(["build", "--root", root]);
  assert.equal(code, 1);
  assert.match(stderr, /^error SOURCE_ENCODING routes\/index\.ts is not UTF-8 text\./);
});

test("a folder that is no build is never replaced by one", async (t) => {
  const root = await createApp(t, { ...ROUTE, "out/node/precious.txt": "mine" });
  const { code, stderr } = await godwit(["build", "--root", root, "--out", join(root, "out")]);
  assert.equal(code, 1);
  assert.match(stderr, /^error OUT_FOREIGN /);
  assert.equal(readFileSync(join(root, "out/node/precious.txt"), "utf8"), "mine");
});

test("a build does not write where the next one reads", async (t) => {
  const root = await createApp(t, ROUTE);
  const { code, stderr } = await godwit(["build", "--root", root, "--out", join(root, "routes")]);
  assert.equal(code, 1);
  assert.match(stderr, /^error OUT_INSIDE_APP .*--out/);
  assert.ok(!existsSync(join(root, "routes/node")));
});

test("build --json prints what was built, and nothing else", async (t) => {
  const root = await createApp(t, ROUTE);
  const { code, stdout } = await godwit(["build", "--root", root, "--target", "node,lambda", "--json"]);
  assert.equal(code, 0);
  const { built } = JSON.parse(stdout) as { built: { target: string; functions: unknown[] }[] };
  assert.deepEqual(
    built.map(({ target }) => target),
    ["node", "lambda"],
  );
  assert.ok(existsSync(join(root, "dist/lambda/manifest.json")));
});

test("build goes on after a target that fails, says which did, and ends with 1", async (t) => {
  const root = await createApp(t, {
    "routes/index.ts": 'export const config = { runtime: "edge" };\nexport const GET = () => new Response("ok");\n',
  });
  const args = ["build", "--root", root, "--target", "lambda,vercel"];
  const { code, stdout, stderr } = await godwit(args);
  assert.equal(code, 1);
  assert.match(stdout, /^built vercel/m);
  assert.match(stderr, /^failed lambda\nerror LAMBDA_RUNTIME [\s\S]*^Failed: lambda\. Built: vercel\.$/m);
  const asJson = await godwit([...args, "--json"]);
  assert.equal(asJson.code, 1);
  const { built, failed } = JSON.parse(asJson.stdout) as {
    built: { target: string }[];
    failed: { target: string; error: { code: string } }[];
  };
  assert.deepEqual(
    [built[0]?.target, failed[0]?.target, failed[0]?.error.code],
    ["vercel", "lambda", "LAMBDA_RUNTIME"],
  );
});

test("routes prints a table and leaves no dist behind", async (t) => {
  const root = await createApp(t, ROUTE);
  const { code, stdout } = await godwit(["routes", "--root", root, "--target", "lambda"]);
  assert.equal(code, 0);
  assert.match(stdout, /^GET +\/ +routes\/index\.ts/m);
  assert.ok(!existsSync(join(root, "dist")));
});

test("preview without a build says how to get one", async (t) => {
  const root = await createApp(t, ROUTE);
  const { code, stderr } = await godwit(["preview", "--root", root]);
  assert.equal(code, 1);
  assert.match(stderr, /^error ARTEFACT_ABSENT .*--build/s);
});

const ENV = {
  "env.ts": `
    import { defineEnv } from "@godwit/core";
    import * as z from "zod";
    export default defineEnv({ vars: { PORTS: z.coerce.number(), KEY: z.string().min(8) }, secrets: ["KEY"] });`,
};

test("doctor lists every missing or wrong variable of a stage, and no value", async (t) => {
  const root = await createApp(t, { ...ROUTE, ...ENV, ".env.prod": "KEY=tooshrt\n" });
  const { code, stdout } = await godwit(["doctor", "--root", root, "--stage", "prod"]);
  assert.equal(code, 1);
  assert.match(stdout, /^fail env \(node, prod\)/m);
  assert.match(stdout, /PORTS/);
  assert.match(stdout, /KEY/);
  assert.doesNotMatch(stdout, /tooshrt/);
});

test("doctor is content when all is there, the shell over the files", async (t) => {
  const root = await createApp(t, { ...ROUTE, ...ENV, ".env": "KEY=long-enough\nPORTS=x\n" });
  const { code, stdout } = await godwit(["doctor", "--root", root], { env: { PORTS: "8080" } });
  assert.equal(code, 0, stdout);
  assert.doesNotMatch(stdout, /^fail/m);
});

test("conform shows where an answer is not as expected, and ends with 1", async (t) => {
  const root = await createApp(t, {
    ...ROUTE,
    "requests.json": '[{ "path": "/", "expect": { "body": "ok" } }, { "path": "/", "expect": { "status": 201 } }]',
  });
  const args = ["conform", join(root, "requests.json"), "--root", root, "--target", "node"];
  const { code, stdout } = await godwit(args);
  assert.equal(code, 1);
  assert.match(stdout, /status 200, expected 201/);
  assert.match(stdout, /^1 alike, 1 different, 0 passed over$/m);
});

test("conform with a table that is none says what is wrong in it", async (t) => {
  const root = await createApp(t, { ...ROUTE, "bad.json": '[{ "pth": "/" }]', "none.json": "{" });
  const bad = await godwit(["conform", join(root, "bad.json"), "--root", root]);
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /^error CONFORM_REQUESTS_INVALID /);
  const none = await godwit(["conform", join(root, "none.json"), "--root", root]);
  assert.match(none.stderr, /^error CONFORM_REQUESTS_UNREADABLE /);
});
