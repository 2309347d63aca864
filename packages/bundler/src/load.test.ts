import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { createFolder, linkPackage } from "./bundle.fixture.ts";
import { bundleModule, bundleWhole, readArtefact } from "./load.ts";

const load = (file: string): Promise<Record<string, unknown>> => import(pathToFileURL(file).href);

interface App {
  fetch(request: Request): Promise<Response>;
}

test("a whole app is one module whose packages are the app's own", async (t) => {
  const root = createFolder(t, {
    "routes/index.ts": 'import { word } from "some-package";\nexport const GET = () => new Response(word);\n',
    "routes/[id].ts":
      'import { HttpError } from "@godwit/core";\nexport enum Kind { A }\nexport const GET = () => { throw new HttpError(418); };\n',
    "node_modules/some-package/package.json":
      '{ "name": "some-package", "version": "1.0.0", "type": "module", "main": "index.js" }',
    "node_modules/some-package/index.js": 'export const word = "from node_modules";',
  });
  const file = await bundleWhole({ root });
  const { default: app, env } = (await load(file)) as { default: App; env: unknown };
  assert.equal(await (await app.fetch(new Request("http://localhost/"))).text(), "from node_modules");
  assert.equal((await app.fetch(new Request("http://localhost/any"))).status, 418);
  assert.equal(env, undefined);
  assert.match(readFileSync(file, "utf8"), /from "some-package"/);
  assert.ok(readdirSync(join(root, ".godwit")).includes(".gitignore"));
});

test("a TypeScript module of the app is loaded with what only transpiling gives", async (t) => {
  const root = createFolder(t, {
    "godwit.config.ts":
      'import { limit } from "./lib/limit";\nenum Unit { KB = 1000 }\nexport default { bytes: limit * Unit.KB, here: import.meta.dirname };\n',
    "lib/limit.ts": "export const limit: number = 5;\n",
  });
  const { default: config } = await load(await bundleModule({ root, file: "godwit.config.ts" }));
  assert.deepEqual(config, { bytes: 5000, here: root });
});

test("env.ts finds core without the app having installed it, and zod where it has", async (t) => {
  const root = createFolder(t, {
    "env.ts":
      'import { z } from "zod";\nimport { createApp } from "@godwit/core";\nexport default [typeof z.string, typeof createApp];\n',
  });
  linkPackage(root, "zod", "packages/adapters/node_modules/zod");
  const { default: value } = await load(await bundleModule({ root, file: "env.ts" }));
  assert.deepEqual(value, ["function", "function"]);
});

test("a syntax error names file and line", async (t) => {
  const root = createFolder(t, { "godwit.config.ts": "export default {\n  a: 1,,\n};\n" });
  await assert.rejects(bundleModule({ root, file: "godwit.config.ts" }), {
    code: "BUNDLE_FAILED",
    message: /godwit\.config\.ts:2:\d+: /,
  });
});

test("a package that is missing is asked for by name", async (t) => {
  const root = createFolder(t, { "env.ts": 'import x from "not-there";\nexport default x;\n' });
  await assert.rejects(
    bundleModule({ root, file: "env.ts" }),
    /env\.ts:1:\d+: Could not resolve "not-there". Is the package/,
  );
});

test("a folder without a manifest is no artefact, and one of another version is none either", async (t) => {
  const root = createFolder(t, { "a/x": "", "b/manifest.json": '{ "version": 99 }' });
  await assert.rejects(readArtefact(join(root, "a")), { code: "ARTEFACT_ABSENT" });
  await assert.rejects(readArtefact(join(root, "missing/b")), { code: "ARTEFACT_ABSENT" });
  await assert.rejects(readArtefact(join(root, "b")), { code: "MANIFEST_INVALID" });
});
