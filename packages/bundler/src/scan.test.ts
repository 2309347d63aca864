import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { failsWith, GET, writeApp, writeRoutes } from "./scan.fixture.ts";
import { scanApp } from "./scan.ts";

const patterns = async (root: string) => (await scanApp(root)).routes.map(({ file, pattern }) => [file, pattern]);

test("a file's path is its pattern, and the more specific comes first", async () => {
  const root = writeRoutes(
    "index.ts",
    "users/index.ts",
    "users/[id].ts",
    "users/[id=int].ts",
    "users/me.ts",
    "files/[...path].ts",
    "docs/[[...path]].ts",
    "[[lang]]/about.tsx",
    "(admin)/stats.js",
    "feed.xml.mts",
    ".well-known/security.txt.ts",
  );
  assert.deepEqual(await patterns(root), [
    ["routes/.well-known/security.txt.ts", "/.well-known/security.txt"],
    ["routes/docs/[[...path]].ts", "/docs/[[...path]]"],
    ["routes/feed.xml.mts", "/feed.xml"],
    ["routes/files/[...path].ts", "/files/[...path]"],
    ["routes/(admin)/stats.js", "/stats"],
    ["routes/users/me.ts", "/users/me"],
    ["routes/users/[id=int].ts", "/users/[id=int]"],
    ["routes/users/[id].ts", "/users/[id]"],
    ["routes/users/index.ts", "/users"],
    ["routes/[[lang]]/about.tsx", "/[[lang]]/about"],
    ["routes/index.ts", "/"],
  ]);
});

test("what starts with an underscore, a test and a file of another type are no routes; the last is noted", async () => {
  const root = writeRoutes("a.ts", "_lib.ts", "_shared/x.ts", "a.test.ts", "types.d.ts", "readme.md", ".DS_Store");
  const app = await scanApp(root);
  assert.deepEqual(
    app.routes.map(({ file }) => file),
    ["routes/a.ts"],
  );
  assert.deepEqual(app.notices, [
    {
      code: "ROUTE_FILE_IGNORED",
      message:
        "routes/readme.md is not a route: routes are .ts, .tsx, .mts, .js, .jsx or .mjs. Static files belong in public/.",
    },
  ]);
});

test("folder middleware is listed outermost first, through groups too", async () => {
  const root = writeRoutes("_middleware.ts", "(g)/_middleware.ts", "(g)/a/_middleware.js", "(g)/a/b.ts", "c.ts");
  const app = await scanApp(root);
  assert.deepEqual(app.rootMiddleware, ["routes/_middleware.ts"]);
  assert.deepEqual(
    app.routes.map(({ middleware }) => middleware),
    [["routes/_middleware.ts", "routes/(g)/_middleware.ts", "routes/(g)/a/_middleware.js"], ["routes/_middleware.ts"]],
  );
});

test("the order of files on disk does not matter", async () => {
  const files = ["[a]/b.ts", "x/[[y]]/z.ts", "x/[y=int].ts", "x/[y].ts", "[...rest].ts", "x/y.ts", "index.ts"];
  const list = files.map((file) => [`routes/${file}`, GET] as const);
  const expected = await patterns(writeApp(list));
  for (let turn = 1; turn < list.length; turn++) {
    const turned = [...list.slice(turn), ...list.slice(0, turn)];
    assert.deepEqual(await patterns(writeApp(turned)), expected);
    assert.deepEqual(await patterns(writeApp(turned.reverse())), expected);
  }
});

test("two files that claim one pattern are an error with both names", async () => {
  await assert.rejects(
    scanApp(writeRoutes("stats.ts", "(admin)/stats.ts")),
    failsWith("ROUTE_CONFLICT", "routes/(admin)/stats.ts and routes/stats.ts both claim /stats. Rename or remove one."),
  );
  await assert.rejects(
    scanApp(writeRoutes("users/[id].ts", "users/[name].ts")),
    failsWith(
      "ROUTE_CONFLICT",
      "routes/users/[id].ts and routes/users/[name].ts both claim /users/[name] (routes/users/[id].ts is /users/[id], routes/users/[name].ts is /users/[name]). Rename or remove one.",
    ),
  );
  await assert.rejects(
    scanApp(writeRoutes("about.ts", "[[lang]]/about.ts")),
    failsWith(
      "ROUTE_CONFLICT",
      "routes/[[lang]]/about.ts and routes/about.ts both claim /about (routes/[[lang]]/about.ts is /[[lang]]/about, routes/about.ts is /about). Rename or remove one.",
    ),
  );
});

test("public/ is listed with types and sizes, and a file that equals a static route is an error", async () => {
  const root = writeApp({
    "routes/a.ts": GET,
    "public/css/site.css": "a{}",
    "public/logo.png": "1234",
    "public/.hidden": "x",
    "public/.well-known/x": "12",
  });
  const { assets } = await scanApp(root);
  assert.deepEqual(
    assets.map(({ path, bytes, contentType }) => [path, bytes, contentType]),
    [
      ["/.well-known/x", 2, "application/octet-stream"],
      ["/css/site.css", 3, "text/css; charset=utf-8"],
      ["/logo.png", 4, "image/png"],
    ],
  );
  await assert.rejects(
    scanApp(writeApp({ "routes/robots.txt.ts": GET, "public/robots.txt": "" })),
    failsWith(
      "ASSET_CONFLICT",
      "public/robots.txt and routes/robots.txt.ts both claim /robots.txt. A static file wins over a route on every platform, so the route could not be reached. Rename or remove one.",
    ),
  );
});

test("names that are no pattern, and special files in the wrong place, say what would be right", async () => {
  await assert.rejects(
    scanApp(writeRoutes("users/a[id].ts")),
    failsWith(
      "ROUTE_NAME_INVALID",
      'routes/users/a[id].ts is not a route: segment "a[id]" is neither plain text nor one parameter. A name is plain text, [name], [name=matcher], [[name]], [...name] or [[...name]].',
    ),
  );
  await assert.rejects(
    scanApp(writeRoutes("[id]/x/[id].ts")),
    failsWith(
      "ROUTE_NAME_INVALID",
      "routes/[id]/x/[id].ts is not a route: the parameter id stands in it twice. A name is plain text, [name], [name=matcher], [[name]], [...name] or [[...name]].",
    ),
  );
  await assert.rejects(
    scanApp(writeRoutes("a.ts", "admin/_not-found.ts")),
    failsWith(
      "SPECIAL_FILE_MISPLACED",
      "routes/admin/_not-found.ts must be routes/_not-found.ts: an app has one 404 answer, at the root of routes/.",
    ),
  );
  await assert.rejects(
    scanApp(writeRoutes("[id=even].ts")),
    failsWith(
      "MATCHER_UNKNOWN",
      'routes/[id=even].ts uses the matcher "even", which is not there. Write matchers/even.ts with a default export (value: string) => boolean, or use one of: int, slug, uuid.',
    ),
  );
  await assert.rejects(
    scanApp(writeRoutes("a.ts", "_middleware.ts", "_middleware.js")),
    failsWith(
      "FILE_DUPLICATE",
      "routes/_middleware.js and routes/_middleware.ts are the same thing twice. Remove one.",
    ),
  );
});

test("names that differ in case alone are one file elsewhere", async () => {
  await assert.rejects(
    scanApp(writeRoutes("Users.ts", "users.ts")),
    failsWith(
      "NAME_CASE_CLASH",
      "routes/Users.ts and routes/users.ts differ in case alone and are one file on macOS and Windows. Rename one.",
    ),
  );
});

test("a link to a folder around it, and one that leads nowhere, are errors; another is followed", async () => {
  const root = writeApp({ "routes/a.ts": GET, "shared/b.ts": GET });
  symlinkSync(join(root, "shared"), join(root, "routes/linked"));
  assert.deepEqual(await patterns(root), [
    ["routes/a.ts", "/a"],
    ["routes/linked/b.ts", "/linked/b"],
  ]);
  symlinkSync(join(root, "routes"), join(root, "shared/back"));
  await assert.rejects(
    scanApp(root),
    failsWith("LINK_LOOP", "routes/linked/back is a link to a folder that it lies in. Remove it."),
  );
  const broken = writeRoutes("a.ts");
  symlinkSync(join(broken, "gone"), join(broken, "routes/b.ts"));
  await assert.rejects(
    scanApp(broken),
    failsWith("LINK_BROKEN", "routes/b.ts is a link that leads nowhere (ENOENT). Remove it or mend it."),
  );
});

test("a folder without routes/ is no app", async () => {
  await assert.rejects(
    scanApp(writeApp({ "index.ts": "" })),
    failsWith(
      "ROUTES_MISSING",
      "ROOT has no folder routes/. An app is a folder with routes/; run godwit there, or give --root.",
    ),
  );
});
