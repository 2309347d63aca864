import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { crc32 } from "node:zlib";
import { parseManifest } from "@godwit/core/manifest";
import { build, planApp } from "./build.ts";
import { createFolder, createTarget, type FakeOptions, linkPackage, writeFiles } from "./bundle.fixture.ts";
import type { BuildConfig, BuildOptions, BuildResult } from "./steps.ts";

const ADAPTERS = new URL("../../cli/src/index.ts", import.meta.url).href;

function optionsFor(root: string, config: BuildConfig = {}, fake: FakeOptions = {}): BuildOptions {
  return { root, app: "test", target: createTarget(fake), targetConfig: {}, config, adaptersFrom: ADAPTERS };
}

async function call(result: BuildResult, id: string, path: string): Promise<string> {
  const fn = result.artefact.manifest.functions.find((each) => each.id === id);
  assert.ok(fn, `no function ${id} in ${result.artefact.manifest.functions.map((each) => each.id)}`);
  const url = pathToFileURL(join(result.artefact.root, fn.entry)).href;
  const app = (await import(url)).default as { fetch(request: Request): Promise<Response> };
  return (await app.fetch(new Request(`http://localhost${path}`))).text();
}

/** Every file below a folder with its hash. */
function hashesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const hash = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [file.slice(folder.length), hash(file)]),
  );
}

const SIMPLE = {
  "routes/index.ts": 'export const GET = () => new Response("root");\n',
  "routes/users/[id].ts":
    'import { names } from "../../lib/names.ts";\nexport const GET = (_: Request, c: { params: { id: string } }) => new Response(names[c.params.id]);\n',
  "lib/names.ts": `export const names: Record<string, string> = { "1": "Ada" };\nexport const large = ${JSON.stringify("x".repeat(40_000))};\n`,
  "routes/large.ts": 'import { large } from "../lib/names.ts";\nexport const GET = () => new Response(large);\n',
};

test("an app becomes functions that answer, and a manifest that describes them", async (t) => {
  const root = createFolder(t, { ...SIMPLE, "public/robots.txt": "all" });
  const result = await build(optionsFor(root, {}, { zip: true }));
  assert.equal(await call(result, "index", "/"), "root");
  assert.equal(await call(result, "users-id", "/users/1"), "Ada");
  const manifest = parseManifest(readFileSync(join(root, "dist/fake/manifest.json"), "utf8"));
  assert.deepEqual(manifest, JSON.parse(JSON.stringify(result.artefact.manifest)));
  for (const fn of manifest.functions) {
    assert.equal(
      fn.bytes,
      fn.files.reduce((sum, file) => sum + file.bytes, 0),
    );
    for (const file of [...fn.files, ...(fn.zip ? [fn.zip] : [])]) {
      const contents = readFileSync(join(root, "dist/fake", file.path));
      assert.equal(createHash("sha256").update(contents).digest("hex"), file.sha256);
    }
  }
  assert.deepEqual(
    manifest.assets.map((asset) => asset.path),
    ["public/robots.txt"],
  );
  assert.deepEqual(manifest.verify.map((request) => request.path).sort(), ["/", "/large"]);
});

for (const config of [{}, { minify: false }, { sourcemap: "ship" }] satisfies BuildConfig[]) {
  test(`two builds in two folders are the same bytes, maps and zips included: ${JSON.stringify(config)}`, async (t) => {
    const roots = [createFolder(t, SIMPLE), join(createFolder(t, {}), "some/where/deeper")];
    for (const root of roots) {
      writeFiles(root, SIMPLE);
      await build(optionsFor(root, config, { zip: true }));
    }
    const [first = "", second = ""] = roots.map((root) => join(root, "dist"));
    assert.deepEqual(hashesOf(first), hashesOf(second));
    for (const file of Object.keys(hashesOf(second))) {
      const text = readFileSync(join(second, file), "latin1");
      assert.ok(
        !text.includes("some/where") && !text.includes("/packages/core"),
        `${file} holds a path of this machine`,
      );
    }
  });
}

test("source maps lie beside the artefact, name sources from the root, and only ship when asked", async (t) => {
  const root = createFolder(t, SIMPLE);
  const result = await build(optionsFor(root));
  const map = JSON.parse(readFileSync(join(root, "dist/fake.maps/functions/index/index.mjs.map"), "utf8"));
  assert.ok(map.sources.includes("routes/index.ts"), map.sources.join());
  assert.ok(map.sources.some((source: string) => source.startsWith("@godwit/core/src/")));
  assert.ok(!result.artefact.manifest.functions.some((fn) => fn.files.some((file) => file.path.endsWith(".map"))));
  const shipped = await build(optionsFor(root, { sourcemap: "ship" }));
  const [fn] = shipped.artefact.manifest.functions;
  assert.ok(fn?.files.some((file) => file.path.endsWith(".mjs.map")));
  assert.match(readFileSync(join(root, "dist/fake", fn?.entry ?? ""), "utf8"), /sourceMappingURL=index\.mjs\.map\n$/);
  await build(optionsFor(root, { sourcemap: "none" }));
  assert.deepEqual(readdirSync(join(root, "dist/fake.maps")), []);
});

test("a mapped stack names the author's file and line, also in a file that was joined", async (t) => {
  const root = createFolder(t, {
    "routes/a.ts": 'import { fail } from "../lib/fail.ts";\nexport const GET = () => fail("a");\n',
    "routes/b.ts": 'import { fail } from "../lib/fail.ts";\nexport const GET = () => fail("b");\n',
    "routes/_error.ts":
      "export default (_: Request, c: { error?: unknown }) => new Response((c.error as Error).stack);\n",
    "lib/fail.ts": 'export function fail(what: string): Response {\n\n  throw new Error("no " + what);\n}\n',
  });
  const result = await build(optionsFor(root, { sourcemap: "ship" }));
  const entry = join(result.artefact.root, "functions/a/index.mjs");
  const script = `import app from ${JSON.stringify(entry)}; console.log(await (await app.fetch(new Request("http://l/a"))).text());`;
  const output = execFileSync(process.execPath, ["--enable-source-maps", "--input-type=module", "-e", script], {
    encoding: "utf8",
  });
  assert.match(output, /lib\/fail\.ts:3:/);
});

test("a failed build leaves the last artefact as it was", async (t) => {
  const root = createFolder(t, SIMPLE);
  await build(optionsFor(root));
  const before = hashesOf(join(root, "dist"));
  await assert.rejects(build(optionsFor(root, { budgets: { function: { bytes: 10 } } })), { code: "BUDGET_EXCEEDED" });
  const target = { ...createTarget(), emit: () => Promise.reject(new Error("the emit broke")) };
  await assert.rejects(build({ ...optionsFor(root), target }), /the emit broke/);
  assert.deepEqual(hashesOf(join(root, "dist")), before);
  assert.deepEqual(readdirSync(join(root, "dist")).sort(), ["fake", "fake.maps"]);
});

test("a place that cannot be written is a coded error", async (t) => {
  const root = createFolder(t, { ...SIMPLE, dist: "a file" });
  await assert.rejects(build(optionsFor(root)), { code: "EMIT_FAILED" });
});

test("a target that writes outside its folder is stopped", async (t) => {
  const root = createFolder(t, SIMPLE);
  for (const path of ["../escape", "/absolute", "a/../../b", "a\\b", ""]) {
    const target = createTarget();
    target.emit = async (builder) => {
      builder.write(path, "x");
      return { front: { kind: "fake", routes: [] }, functions: [] };
    };
    await assert.rejects(build({ ...optionsFor(root), target }), { code: "EMIT_PATH" });
  }
  assert.ok(!existsSync(join(root, "dist/escape")));
});

test("a CommonJS package works in an ES module, with require of built-ins, __dirname and all", async (t) => {
  const root = createFolder(t, {
    "routes/index.ts":
      'import old from "old";\nexport const GET = () => new Response([old.join("a", "b"), typeof old.here, old.late()].join(" "));\n',
    "routes/other.ts": 'import old from "old";\nexport const GET = () => new Response(old.join("c", "d"));\n',
    "node_modules/old/package.json": '{ "name": "old", "version": "1.0.0", "main": "index.js" }',
    "node_modules/old/index.js":
      'const path = require("path");\nexports.join = path.posix.join;\nexports.here = __dirname;\nexports.late = () => require("node:os").EOL.length;\n',
  });
  for (const minify of [true, false]) {
    const out = join(root, `dist-${minify}`);
    const result = await build({ ...optionsFor(root, { minify }), out });
    assert.equal(await call(result, "index", "/"), "a/b string 1");
    assert.equal(await call(result, "other", "/other"), "c/d");
  }
});

test("the paths of the app's tsconfig.json are respected", async (t) => {
  const root = createFolder(t, {
    "tsconfig.json": '{ "compilerOptions": { "paths": { "@lib/*": ["./src/lib/*"] } } }',
    "routes/index.ts": 'import { word } from "@lib/word.ts";\nexport const GET = () => new Response(word);\n',
    "src/lib/word.ts": 'export const word: string = "through paths";\n',
  });
  assert.equal(await call(await build(optionsFor(root)), "index", "/"), "through paths");
});

test("an external package is copied with what it needs, each version where it is found", async (t) => {
  const pkg = (name: string, version: string, main: string) => ({
    "package.json": JSON.stringify({ name, version, main: "index.js" }),
    "index.js": main,
  });
  const files: Record<string, string> = {};
  const put = (folder: string, contents: Record<string, string>): void => {
    for (const [path, text] of Object.entries(contents)) files[`${folder}/${path}`] = text;
  };
  // as pnpm lays packages out: a store, and links
  const store = "node_modules/.pnpm";
  put(
    `${store}/kit@1/node_modules/kit`,
    pkg("kit", "1.0.0", 'module.exports = "kit with " + require("dep") + " and " + require("peer");'),
  );
  put(`${store}/peer@1/node_modules/peer`, pkg("peer", "1.0.0", 'module.exports = "peer with " + require("dep");'));
  put(`${store}/dep@1/node_modules/dep`, pkg("dep", "1.0.0", 'module.exports = "dep 1";'));
  put(`${store}/dep@2/node_modules/dep`, pkg("dep", "2.0.0", 'module.exports = "dep 2";'));
  const root = createFolder(t, {
    ...files,
    "routes/index.ts": 'import kit from "kit";\nexport const GET = () => new Response(kit);\n',
    "routes/plain.ts": 'export const GET = () => new Response("plain");\n',
  });
  const link = (at: string, to: string): void => symlinkSync(join(root, store, to), join(root, at));
  link("node_modules/kit", "kit@1/node_modules/kit");
  link(`${store}/kit@1/node_modules/dep`, "dep@1/node_modules/dep");
  link(`${store}/kit@1/node_modules/peer`, "peer@1/node_modules/peer");
  link(`${store}/peer@1/node_modules/dep`, "dep@2/node_modules/dep");
  const result = await build(optionsFor(root, { external: ["kit"] }));
  assert.equal(await call(result, "index", "/"), "kit with dep 1 and peer with dep 2");
  const filesOf = (id: string): string[] =>
    result.artefact.manifest.functions.find((fn) => fn.id === id)?.files.map((file) => file.path) ?? [];
  assert.ok(filesOf("index").includes("functions/index/node_modules/kit/package.json"));
  assert.ok(!filesOf("plain").some((path) => path.includes("node_modules")));
});

test("an external package that is not installed is an error that names it", async (t) => {
  const root = createFolder(t, {
    "routes/index.ts": 'import gone from "gone";\nexport const GET = () => new Response(gone);\n',
  });
  await assert.rejects(build(optionsFor(root, { external: ["gone"] })), (error: Error & { code?: string }) => {
    assert.match(error.message, /gone/);
    return error.code !== undefined;
  });
});

test("a native addon of npm is carried along, and answers", async (t) => {
  const root = createFolder(t, {
    "routes/index.ts":
      'import { crc32 } from "@node-rs/crc32";\nexport const GET = () => new Response(String(crc32("godwit")));\n',
  });
  linkPackage(root, "@node-rs/crc32", "test/node_modules/@node-rs/crc32");
  const result = await build(optionsFor(root));
  assert.equal(await call(result, "index", "/"), String(crc32("godwit")));
  const fn = result.artefact.manifest.functions.find((each) => each.id === "index");
  assert.ok(fn?.files.some((file) => file.path.endsWith(".node")));
});

test("a native addon for another machine than the function's fails the build", async (t) => {
  const root = createFolder(t, {
    "routes/index.ts":
      'import { crc32 } from "@node-rs/crc32";\nexport const GET = () => new Response(String(crc32("godwit")));\n',
  });
  linkPackage(root, "@node-rs/crc32", "test/node_modules/@node-rs/crc32");
  const other = process.arch === "x64" ? "arm64" : "x64";
  await assert.rejects(build({ ...optionsFor(root), targetConfig: { architecture: other } }), {
    code: "NATIVE_WRONG_ARCHITECTURE",
    message: new RegExp(`index runs on linux-${other}, and node_modules/@node-rs/.*\\.node is built for `),
  });
});

test("includeFiles lie where the handler's own paths find them", async (t) => {
  const root = createFolder(t, {
    "routes/index.ts":
      'import { readFileSync } from "node:fs";\nimport { join } from "node:path";\nexport const config = { includeFiles: ["templates/**/*.html"] };\nexport const GET = () => new Response(readFileSync(join(import.meta.dirname, "templates/a/b.html"), "utf8"));\n',
    "templates/a/b.html": "<b>",
    "templates/a/c.txt": "not this",
    "data/all.json": "{}",
  });
  const result = await build(optionsFor(root, { includeFiles: ["data/*.json"] }));
  assert.equal(await call(result, "index", "/"), "<b>");
  const [fn] = result.artefact.manifest.functions;
  const paths = fn?.files
    .map((file) => file.path.replace(/^functions\/[^/]+\//, ""))
    .filter((path) => !/\.mjs$/.test(path));
  assert.deepEqual(paths, ["data/all.json", "templates/a/b.html"]);
  await assert.rejects(build(optionsFor(root, { includeFiles: ["nothing/*"] })), { code: "INCLUDE_FILES_NOTHING" });
  writeFiles(root, { "index.mjs": "" });
  await assert.rejects(build(optionsFor(root, { includeFiles: ["*.mjs"] })), { code: "INCLUDE_FILES_CLASH" });
  await assert.rejects(build(optionsFor(root, { includeFiles: ["../*"] })), { code: "INCLUDE_FILES_OUTSIDE" });
});

test("a function takes what it reaches and no more, however many files that would be", async (t) => {
  const files: Record<string, string> = {};
  const letters = ["a", "b", "c", "d", "e", "f"];
  for (const [at, letter] of letters.entries()) {
    files[`lib/${letter}.ts`] = `export const ${letter} = ${JSON.stringify(letter.repeat(9_000))};\n`;
    const used = letters.filter((_, other) => other !== at);
    const imports = used.map((other) => `import { ${other} } from "../lib/${other}.ts";`).join("\n");
    files[`routes/${letter}.ts`] =
      `${imports}\nexport const GET = () => new Response([${used}].map((text) => text[0]).join(""));\n`;
  }
  const root = createFolder(t, files);
  const result = await build(optionsFor(root));
  for (const [at, letter] of letters.entries()) {
    assert.equal(await call(result, letter, `/${letter}`), letters.filter((_, other) => other !== at).join(""));
    const fn = result.artefact.manifest.functions.find((each) => each.id === letter);
    assert.ok((fn?.files.length ?? 9) <= 3, `${fn?.files.length} files`);
    assert.ok(fn && fn.bytes < 5 * 9_000 + 12_000, `${fn?.bytes} bytes`);
  }
});

test("a secret in a bundle fails the build", async (t) => {
  const root = createFolder(t, { "routes/index.ts": 'export const GET = () => new Response("hunter2-hunter2");\n' });
  const secretValues = { SESSION_SECRET: "hunter2-hunter2", PLAIN: "Response" };
  await assert.rejects(build({ ...optionsFor(root), secretValues }), {
    code: "SECRET_IN_BUNDLE",
    message: /the value of SESSION_SECRET in function index, routes\/index\.ts/,
  });
});

test("measured start-ups are judged and kept beside the manifest", async (t) => {
  const root = createFolder(t, SIMPLE);
  const seen: string[] = [];
  const measure: BuildOptions["measure"] = async ({ root: staged, manifest }) => {
    seen.push(staged);
    assert.ok(existsSync(join(staged, "manifest.json")));
    return Object.fromEntries(manifest.functions.map(({ id }) => [id, { startupCpu: 5, firstUseCpu: 1 }]));
  };
  await build({ ...optionsFor(root), measure });
  assert.deepEqual(JSON.parse(readFileSync(join(root, "dist/fake/startup.json"), "utf8")).index, {
    firstUseCpu: 1,
    startupCpu: 5,
  });
  await assert.rejects(build({ ...optionsFor(root, { budgets: { startup: 4 } }), measure }), {
    code: "STARTUP_EXCEEDED",
  });
  assert.equal(seen.length, 2);
});

test("a plan is made without writing anything", async (t) => {
  const root = createFolder(t, SIMPLE);
  const { plans, app } = await planApp(optionsFor(root));
  assert.deepEqual(app.routes.map((route) => route.pattern).sort(), ["/", "/large", "/users/[id]"]);
  assert.ok(plans.some((plan) => plan.id === "users-id"));
  assert.ok(!existsSync(join(root, "dist")));
});
