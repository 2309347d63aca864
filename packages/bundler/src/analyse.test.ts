import assert from "node:assert/strict";
import { test } from "node:test";
import { analyseApp } from "./analyse.ts";
import type { EsbuildSettings } from "./contracts.ts";
import { analyse, failsWith, GET, writeApp } from "./scan.fixture.ts";
import { scanApp } from "./scan.ts";

test("methods are what a file exports, wherever it comes from", async () => {
  const app = await analyse({
    "routes/a.ts": "export function GET() {}\nexport const POST = () => {};\nexport const helper = 1;",
    "routes/b.ts": 'export { GET, put as PUT } from "../lib/handlers.ts";',
    "routes/c.ts": 'export * from "../lib/handlers.ts";\nexport default () => new Response();',
    "lib/handlers.ts": "export const GET = () => {};\nexport const put = () => {};\nexport type DELETE = string;",
  });
  assert.deepEqual(
    app.routes.map(({ file, methods }) => [file, methods]),
    [
      ["routes/a.ts", ["GET", "POST"]],
      ["routes/b.ts", ["GET", "PUT"]],
      ["routes/c.ts", ["GET", "*"]],
    ],
  );
});

test("a config is read without running the file", async () => {
  const { routes } = await analyse({
    "routes/a.ts": `throw new Error("ran");\nexport const config = { memory: 256, timeout: "5s", regions: ["fra1"] } as const satisfies object;\n${GET}`,
    "routes/b.ts": `const config = { group: \`admin\`, schedule: "*/5 0-6 * 1 1" };\nexport { config };\n${GET}`,
  });
  assert.deepEqual(
    routes.map(({ config }) => config),
    [
      { memory: 256, timeout: "5s", regions: ["fra1"] },
      { group: "admin", schedule: "*/5 0-6 * 1 1" },
    ],
  );
});

const wrong = [
  {
    name: "a config that would have to be run",
    text: `export const config = { memory: size() };\n${GET}`,
    code: "CONFIG_NOT_LITERAL",
    message:
      "routes/a.ts:1:33: `config` must be a literal, written as `export const config = { ... }` in this file: it would have to be run. The build reads it without running the file.\n  1 | export const config = { memory: size() };\n    |                                 ^",
  },
  {
    name: "an unknown key",
    text: `export const config = { memroy: 1 };\n${GET}`,
    code: "CONFIG_KEY_UNKNOWN",
    message:
      'routes/a.ts:1:25: config has no key "memroy". Its keys are group, includeFiles, memory, regions, runtime, schedule, split, timeout.\n  1 | export const config = { memroy: 1 };\n    |                         ^',
  },
  {
    name: "a value of the wrong type",
    text: `export const config = {\n  timeout: 5,\n};\n${GET}`,
    code: "CONFIG_VALUE",
    message:
      'routes/a.ts:2:3: config.timeout takes a duration, such as "500ms", "5s" or "1m", not 5.\n  2 |   timeout: 5,\n    |   ^',
  },
  {
    name: "a syntax error",
    text: "export const GET = ;\n",
    code: "SOURCE_SYNTAX",
    message: "routes/a.ts:1:20: Unexpected token.\n  1 | export const GET = ;\n    |                    ^",
  },
  {
    name: "a Context of another pattern",
    text: 'import type { Context } from "@godwit/core";\nexport const GET = (_: Request, c: Context<"/b">) => new Response(c.route);',
    code: "CONTEXT_STALE",
    message:
      'routes/a.ts:2:44: Context<"/b"> is not the pattern of this file. Write Context<"/a">.\n  2 | export const GET = (_: Request, c: Context<"/b">) => new Response(c.route);\n    |                                            ^',
  },
  {
    name: "no handler, but nearly",
    text: "export const get = () => {};",
    code: "ROUTE_WITHOUT_HANDLER",
    message: "routes/a.ts has no handler. It exports get: write GET.",
  },
  {
    name: "CommonJS",
    text: "module.exports = { GET() {} };",
    code: "ROUTE_COMMONJS",
    message:
      "routes/a.ts is a CommonJS module, whose exports are known only when it runs. Write `export function GET` instead of `module.exports`.",
  },
  {
    name: "an import that is not there",
    text: `import "./gone.ts";\n${GET}`,
    code: "IMPORT_FAILED",
    message:
      'The app\'s files cannot be read together:\nroutes/a.ts:1:8: Could not resolve "./gone.ts". Is the file\'s name right, with its extension?\n  1 | import "./gone.ts";\n    |        ^',
  },
  {
    name: "a schedule without a GET",
    text: 'export const config = { schedule: "0 0 * * *" };\nexport const POST = () => {};',
    code: "SCHEDULE_INVALID",
    message: "routes/a.ts has a schedule, and it has no GET for the schedule to call.",
  },
];
for (const { name, text, code, message } of wrong) {
  test(`${name} is an error that points at it`, async () => {
    await assert.rejects(analyse({ "routes/a.ts": text }), failsWith(code, message));
  });
}

test("a middleware without a default export is an error", async () => {
  await assert.rejects(
    analyse({ "routes/a.ts": GET, "routes/_middleware.ts": "export const x = 1;" }),
    failsWith(
      "DEFAULT_MISSING",
      "routes/_middleware.ts has no default export. It must be a middleware or an array of them: export default ...",
    ),
  );
});

test("a config that comes through export * is an error", async () => {
  await assert.rejects(
    analyse({ "routes/a.ts": 'export * from "../lib.ts";', "lib.ts": `export const config = {};\n${GET}` }),
    { code: "CONFIG_NOT_LITERAL" },
  );
});

test("the names of env.ts are read without running it", async () => {
  const { envNames } = await analyse({
    "routes/a.ts": GET,
    "env.ts":
      'import { defineEnv } from "@godwit/core";\nexport default defineEnv({ vars: { B: boom(), A: 1 as never, KEY: 2 as never }, secrets: ["TOKEN", "KEY"] });',
  });
  assert.deepEqual(envNames, { vars: ["A", "B"], secrets: ["KEY", "TOKEN"] });
  await assert.rejects(
    analyse({ "routes/a.ts": GET, "env.ts": "export default defineEnv({ vars: { ...others } });" }),
    failsWith(
      "ENV_NOT_LITERAL",
      'env.ts:1:36: the build reads the names of variables without running the file, so write `export default defineEnv({ vars: { NAME: schema }, secrets: ["NAME"] })` with plain names: a spread would have to be run.\n  1 | export default defineEnv({ vars: { ...others } });\n    |                                    ^',
    ),
  );
});

test("a route needs the built-ins that it ships, with the way to them", async () => {
  const { routes } = await analyse({
    "routes/dead.ts": `import { unused } from "../lib/dead.ts";\nvoid (0 as unknown as typeof unused);\n${GET}`,
    "routes/report.ts": 'import { print } from "../lib/report.ts";\nexport const GET = () => new Response(print());',
    "routes/types.ts": `import type { Stats } from "node:fs";\n${GET}export type S = Stats;`,
    "lib/dead.ts": 'import { exec } from "node:child_process";\nexport const unused = () => exec("x");',
    "lib/report.ts": 'import { toPdf } from "pdf";\nexport const print = () => toPdf();',
    "node_modules/pdf/package.json": '{"name":"pdf","main":"index.js"}',
    "node_modules/pdf/index.js": 'const { run } = require("./lib/run.js");\nexports.toPdf = () => run();',
    "node_modules/pdf/lib/run.js": 'const { execSync } = require("child_process");\nexports.run = () => execSync("x");',
  });
  assert.deepEqual(
    routes.map(({ pattern, needs }) => [pattern, needs]),
    [
      ["/dead", []],
      [
        "/report",
        [
          {
            kind: "node-builtin",
            name: "child_process",
            chain: ["routes/report.ts", "lib/report.ts", "pdf", "node:child_process"],
          },
        ],
      ],
      ["/types", []],
    ],
  );
});

test("a package with a native file is external, and a need", async () => {
  const { routes } = await analyse({
    "routes/hash.ts": 'import { hash } from "fast-hash";\nexport const GET = () => new Response(hash());',
    "node_modules/fast-hash/package.json":
      '{"name":"fast-hash","main":"index.js","dependencies":{"node-gyp-build":"4"}}',
    "node_modules/fast-hash/index.js": 'exports.hash = require("node-gyp-build")(__dirname).hash;',
    "node_modules/node-gyp-build/package.json": '{"name":"node-gyp-build","main":"index.js"}',
    "node_modules/node-gyp-build/index.js": "module.exports = (dir) => require(dir);",
  });
  assert.deepEqual(routes[0]?.external, ["fast-hash"]);
  assert.deepEqual(routes[0]?.needs, [{ kind: "native", name: "fast-hash", chain: ["routes/hash.ts", "fast-hash"] }]);
});

test("waitUntil counts where a route's own code mentions it", async () => {
  const { routes } = await analyse({
    "routes/a.ts": 'import { json } from "@godwit/core";\nexport const GET = () => json({});',
    "routes/b.ts": 'import { later } from "../lib.ts";\nexport const GET = (_: unknown, c: never) => later(c);',
    "lib.ts": "export const later = ({ waitUntil }: { waitUntil: unknown }) => waitUntil as Response;",
  });
  assert.deepEqual(
    routes.map(({ usesWaitUntil }) => usesWaitUntil),
    [false, true],
  );
});

test("a need of what another route uses of a shared file does not count", async () => {
  const root = writeApp({
    "routes/a.ts": 'import { run } from "../lib.ts";\nexport const GET = () => run();',
    "routes/b.ts": 'import { say } from "../lib.ts";\nexport const GET = () => say();',
    "lib.ts":
      'import { execSync } from "node:child_process";\nexport const run = () => execSync("x");\nexport const say = () => new Response("hi");',
  });
  const settings: EsbuildSettings = {
    platform: "browser",
    target: "es2022",
    conditions: [],
    mainFields: ["main"],
    format: "esm",
  };
  const { routes } = await analyseApp(await scanApp(root), { external: [], settings });
  assert.deepEqual(
    routes.map(({ needs }) => needs.map(({ name }) => name)),
    [["child_process"], []],
  );
});
