import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createApp, godwit } from "../cli.fixture.ts";
import { loadApp } from "../project/load-app.ts";
import { METHODS } from "./generate.ts";
import { TSCONFIG } from "./templates.ts";

const tsc = new URL("../../../../node_modules/typescript/bin/tsc", import.meta.url).pathname;
const APP = {
  "package.json": '{ "type": "module" }',
  "tsconfig.json": TSCONFIG,
  "routes/index.ts": 'export const GET = () => new Response("ok");\n',
};

test("what generate writes type-checks, builds and answers", async (t) => {
  const root = await createApp(t, APP);
  const made: Record<string, { file: string; pattern: string }> = {};
  for (const args of [
    ["route", "users/[id]", "--methods", METHODS.join(",")],
    ["route", "/about/index"],
    ["route", "routes/(admin)/stats.ts", "--methods", "delete"],
    ["route", "files/[...path]"],
    ["route", "[[lang]]/posts/[id=int]"],
    ["middleware"],
    ["middleware", "users"],
    ["schedule", "nightly", "--cron", "*/5 1-3 * * 0"],
  ]) {
    const { code, stdout } = await godwit(["generate", ...args, "--root", root, "--json"]);
    assert.equal(code, 0, stdout);
    made[args.slice(0, 2).join(" ")] = JSON.parse(stdout) as { file: string; pattern: string };
  }
  const names = Object.entries(made).map(([name, { file, pattern }]) => `${name}: ${file} ${pattern}`);
  assert.deepEqual(names, [
    "route users/[id]: routes/users/[id].ts /users/[id]",
    "route /about/index: routes/about/index.ts /about",
    "route routes/(admin)/stats.ts: routes/(admin)/stats.ts /stats",
    "route files/[...path]: routes/files/[...path].ts /files/[...path]",
    "route [[lang]]/posts/[id=int]: routes/[[lang]]/posts/[id=int].ts /[[lang]]/posts/[id=int]",
    "middleware: routes/_middleware.ts /",
    "middleware users: routes/users/_middleware.ts /users",
    "schedule nightly: routes/nightly.ts /nightly",
  ]);
  const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", root], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
  const built = await godwit(["build", "--root", root, "--target", "node,lambda"]);
  assert.equal(built.code, 0, built.stderr);

  const app = await loadApp(root);
  const ask = (method: string, path: string, body?: string) =>
    app.fetch(new Request(`http://localhost${path}`, { method, ...(body && { body }) }));
  const user = await ask("GET", "/users/7");
  assert.deepEqual(await user.json(), { id: "7" });
  assert.equal(user.headers.get("cache-control"), "no-store");
  const posted = await ask("POST", "/users/7", '{"a":1}');
  assert.deepEqual([posted.status, await posted.json()], [201, { id: "7", body: { a: 1 } }]);
  assert.equal((await ask("PUT", "/users/7", "{")).status, 400);
  assert.equal((await ask("DELETE", "/users/7")).status, 204);
  assert.deepEqual(await (await ask("GET", "/about")).json(), { ok: true });
  assert.deepEqual(await (await ask("GET", "/files/a/b")).json(), { path: ["a", "b"] });
  assert.deepEqual(await (await ask("GET", "/de/posts/3")).json(), { lang: "de", id: "3" });
  assert.equal((await ask("GET", "/nightly")).status, 404);
});

test("generate overwrites nothing", async (t) => {
  const root = await createApp(t, APP);
  const { code, stderr } = await godwit(["generate", "route", "/", "--root", root]);
  assert.equal(code, 1);
  assert.match(stderr, /^error FILE_EXISTS .*routes\/index\.ts is there already/);
  assert.equal(readFileSync(join(root, "routes/index.ts"), "utf8"), APP["routes/index.ts"]);
});

for (const [name, code] of [
  ["users/:id", "GENERATE_NAME_INVALID"],
  ["*", "GENERATE_NAME_INVALID"],
  ["_private/x", "GENERATE_NAME_INVALID"],
  [".env", "GENERATE_NAME_INVALID"],
  ["../outside", "GENERATE_NAME_INVALID"],
  ["a/index.test", "GENERATE_NAME_INVALID"],
  ["a\\b", "GENERATE_NAME_INVALID"],
  ["[id].json", "PATTERN_INVALID"],
  ["[...rest]/more", "PATTERN_INVALID"],
  ["a//b", "PATTERN_INVALID"],
  ["()", "ROUTE_NAME_INVALID"],
  ["[id=nope]", "MATCHER_UNKNOWN"],
  ["(group)/index", "ROUTE_CONFLICT"],
] as const) {
  test(`a route named ${name} is ${code}, and nothing stays behind`, async (t) => {
    const root = await createApp(t, APP);
    const ran = await godwit(["generate", "route", name, "--root", root, "--json"]);
    assert.equal(ran.code, 1);
    assert.equal((JSON.parse(ran.stdout) as { error: { code: string } }).error.code, code);
    assert.deepEqual(readdirSync(join(root, "routes")), ["index.ts"]);
  });
}

test("a schedule has no parameters, and its cron is read as the build reads it", async (t) => {
  const root = await createApp(t, APP);
  const withParams = await godwit(["generate", "schedule", "[id]", "--root", root]);
  assert.match(withParams.stderr, /^error GENERATE_NAME_INVALID/);
  for (const cron of ["0 3 * * MON", "0 3 * *", "60 * * * *", ""]) {
    const { code, stderr } = await godwit(["generate", "schedule", "nightly", "--cron", cron, "--root", root]);
    assert.equal(code, 64);
    assert.match(stderr, /five cron fields/);
  }
  assert.ok(!existsSync(join(root, "routes/nightly.ts")));
});

for (const args of [["rout", "x"], ["route"], ["schedule"], ["route", "x", "--methods", "GET,FETCH"], []]) {
  test(`generate ${args.join(" ")} is wrong usage`, async (t) => {
    const root = await createApp(t, APP);
    const { code, stderr, stdout } = await godwit(["generate", ...args, "--root", root]);
    assert.equal(code, 64);
    assert.equal(stdout, "");
    assert.match(stderr, /error: /);
  });
}

test("a folder that is no app gets no file", async (t) => {
  const root = await createApp(t, {});
  const { code, stderr } = await godwit(["generate", "route", "x", "--root", root]);
  assert.equal(code, 1);
  assert.match(stderr, /^error ROUTES_MISSING/);
  assert.deepEqual(readdirSync(root), []);
});
