import assert from "node:assert/strict";
import { test } from "node:test";
import { analyseApp } from "./analyse.ts";
import { failsWith, GET, writeApp } from "./scan.fixture.ts";
import { scanApp } from "./scan.ts";

const odd = {
  "routes/plain.ts": GET,
  "routes/builtin.ts": `import { read } from "../lib/read.ts";\nexport const GET = () => new Response(read());\n`,
  "routes/lazy.ts": `export const GET = async () => (await import("../lib/read.ts")).read();\n`,
  "routes/unused.ts": `import { readFileSync } from "node:fs";\n${GET}`,
  "routes/waits.ts": `import { later } from "../lib/later.ts";\nexport const POST = (_, context) => later(context);\n`,
  "routes/stores.ts": `export const GET = (_, context) => context.store("main").get("x");\n`,
  "routes/star.ts": 'export * from "../lib/handlers.ts";\n',
  "routes/again.ts": 'export { GET, put as PUT } from "../lib/handlers.ts";\n',
  "routes/typed.ts": `export type DELETE = string;\nexport declare const PATCH: unknown;\nexport default function handle() { return new Response(); }\n`,
  "routes/(group)/_middleware.ts": `import { read } from "../../lib/read.ts";\nexport default (_, __, next) => (read(), next());\n`,
  "routes/(group)/inside.ts": GET,
  "routes/native.ts": `import { beep } from "beeper";\nexport const GET = () => beep();\n`,
  "routes/[id].ts": 'import { shared } from "../lib/shared.ts";\nexport const GET = () => shared();\n',
  "routes/two.ts": 'import { shared } from "../lib/shared.ts";\nexport const GET = () => shared();\n',
  "lib/read.ts": 'import { readFileSync } from "node:fs";\nexport const read = () => readFileSync("x", "utf8");\n',
  "lib/later.ts": "export const later = ({ waitUntil }) => waitUntil(Promise.resolve());\n",
  "lib/handlers.ts": "export const GET = () => {};\nexport const put = () => {};\n",
  "lib/shared.ts": `export const shared = () => new Response("${"shared ".repeat(50)}");\n`,
  "node_modules/beeper/package.json": '{ "name": "beeper", "main": "index.js", "dependencies": { "bindings": "1" } }',
  "node_modules/beeper/index.js": 'exports.beep = () => require("./beep.node").beep();\n',
  "node_modules/beeper/beep.node": "",
  "env.ts": 'import { defineEnv } from "godwit";\nexport default defineEnv({ vars: {}, secrets: ["KEY"] });\n',
};

test("a coarse analysis tells of every route what an exact one does", async () => {
  const root = writeApp(odd);
  const scanned = await scanApp(root);
  for (const external of [[], ["beeper"]]) {
    const exact = await analyseApp(scanned, { external });
    const coarse = await analyseApp(scanned, { external, coarseFrom: 1 });
    assert.equal(coarse.code.coarse, true);
    assert.deepEqual(coarse.routes, exact.routes);
    assert.deepEqual(coarse.base, exact.base);
    assert.deepEqual(coarse.envNames, exact.envNames);
  }
});

test("routes that import the same modules share a chunk of them", async () => {
  const { code } = await analyseApp(await scanApp(writeApp(odd)), { external: [], coarseFrom: 1 });
  const [one, two] = [code.routes["routes/[id].ts"] ?? [], code.routes["routes/two.ts"] ?? []];
  const both = one.filter((chunk) => two.includes(chunk));
  assert.equal(both.length, 1);
  assert.ok((code.chunks[both[0] ?? -1] ?? 0) > 300);
  assert.equal(
    (code.routes["routes/plain.ts"] ?? []).some((chunk) => both.includes(chunk)),
    false,
  );
});

test("an import that leads nowhere fails as it does in an exact analysis", async () => {
  const root = writeApp({ "routes/a.ts": `import "../lib/none.ts";\n${GET}` });
  const scanned = await scanApp(root);
  const exact = await analyseApp(scanned, { external: [] }).catch((error: Error) => error);
  assert.ok(exact instanceof Error);
  await assert.rejects(analyseApp(scanned, { external: [], coarseFrom: 1 }), failsWith("IMPORT_FAILED", exact.message));
});
