import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "./build.ts";
import { createFolder, createTarget, writeFiles } from "./bundle.fixture.ts";
import { createReport, manyFunctions } from "./report.fixture.ts";
import { squarify } from "./report-treemap.ts";
import { previousReport, readReport, writeReport } from "./report-write.ts";
import type { BuildOptions, BuildResult } from "./steps.ts";

const SMALL = [
  {
    id: "cart",
    packages: [
      { name: "zod", bytes: 80_000 },
      { name: "routes/cart.ts", bytes: 2000 },
    ],
  },
  { id: "home", packages: [{ name: "routes/home.ts", bytes: 900 }] },
];

const EDGE = {
  ...createTarget({ capabilities: { runtime: "workerd", nodeBuiltins: ["buffer"], nativeModules: false } }),
  name: "edgy",
};

function buildApp(root: string, more: Partial<BuildOptions> = {}): Promise<BuildResult> {
  return build({
    root,
    app: "shop",
    target: createTarget({ limits: { functionBytes: 1_000_000 } }),
    targetConfig: {},
    adaptersFrom: new URL("../../cli/src/index.ts", import.meta.url).href,
    platforms: [{ target: EDGE, targetConfig: {} }],
    ...more,
  });
}

const APP = {
  "routes/index.ts": 'import { word } from "../lib/word.ts";\nexport const GET = () => new Response(word);\n',
  "routes/run.ts":
    'import { run } from "../lib/run.ts";\nimport { word } from "../lib/word.ts";\nexport const GET = () => new Response(run() + word);\n',
  "lib/run.ts":
    'import { execSync } from "node:child_process";\nexport const run = () => execSync("true").toString();\n',
  "lib/word.ts": `export const word = ${JSON.stringify("word ".repeat(500))};\n`,
};

test("a build leaves a report of each function: packages that add up, limits, edge and why not", async (t) => {
  const root = createFolder(t, APP);
  const { data, page } = await buildApp(root);
  assert.equal(page, join(root, "dist/fake.report/report.html"));
  assert.deepEqual(JSON.parse(readFileSync(join(root, "dist/fake.report/report.json"), "utf8")), data);
  for (const fn of data?.functions ?? []) {
    assert.equal(
      fn.packages.reduce((sum, { bytes }) => sum + bytes, 0),
      fn.bytes,
    );
    assert.deepEqual(
      fn.limits.map(({ name, used, most, by }) => [name, used, most, by]),
      [["size", fn.bytes, 1_000_000, "fake"]],
    );
  }
  const run = data?.functions.find(({ id }) => id === "run");
  assert.deepEqual(run?.routes[0]?.gaps, {
    edgy: "GET /run uses node:child_process, which edgy lacks: routes/run.ts > lib/run.ts > node:child_process",
  });
  assert.deepEqual(data?.edges, [{ name: "edgy", routes: 1 }]);
  const [shared] = data?.shared ?? [];
  assert.deepEqual([shared?.routes.sort(), shared?.functions], [["/", "/run"], 2]);
});

test("the same app in two folders has the same report, byte for byte, and nothing of the machine in it", async (t) => {
  const roots = [createFolder(t, {}), join(createFolder(t, {}), "some/where/deeper")];
  const files: Record<string, Buffer[]> = { "report.json": [], "report.html": [] };
  for (const root of roots) {
    writeFiles(root, APP);
    await buildApp(root);
    for (const [name, found] of Object.entries(files)) found.push(readFileSync(join(root, "dist/fake.report", name)));
  }
  for (const [first, second] of Object.values(files)) {
    assert.ok(first && second && first.equals(second));
    assert.ok(!second.includes("some/where"));
  }
});

test("the second build says what changed since the first, and its artefact does not", async (t) => {
  const root = createFolder(t, APP);
  const first = await buildApp(root);
  assert.equal(first.data?.changes, undefined);
  const again = await buildApp(root);
  assert.deepEqual(
    [again.data?.changes?.added, again.data?.changes?.removed, again.data?.changes?.changed],
    [[], [], []],
  );
  assert.equal(again.artefact.manifest.hash, first.artefact.manifest.hash);
  writeFiles(root, {
    "lib/run.ts": 'export const run = () => "a longer text than the call that was here before, so that it grows";\n',
    "routes/new.ts": 'export const GET = () => new Response("new");\n',
  });
  const { data } = await buildApp(root);
  assert.deepEqual(data?.changes?.added, ["new"]);
  const [changed, ...others] = data?.changes?.changed ?? [];
  assert.deepEqual([changed?.id, others], ["run", []]);
  const before = first.data?.functions.find(({ id }) => id === "run")?.bytes ?? 0;
  const after = data?.functions.find(({ id }) => id === "run")?.bytes ?? 0;
  assert.equal(changed?.bytes, after - before);
  assert.ok(changed?.packages.some(({ name }) => name === "lib/run.ts"));
});

test("what was measured is in the report, with the difference where both builds were", () => {
  const slow = createReport([{ id: "home", packages: [], startupCpu: 9 }]);
  const previous = createReport([{ id: "home", packages: [], startupCpu: 4, hash: "h0" }]);
  assert.deepEqual(slow.functions[0]?.startup, { startupCpu: 9, firstUseCpu: 18 });
  assert.equal(slow.functions[0]?.limits.find(({ name }) => name === "start-up")?.used, 9);
  const { changes } = createReport([{ id: "home", packages: [], startupCpu: 9 }], { previous });
  assert.equal(changes?.changed[0]?.startupCpu, 5);
});

test("a platform that has one function by its nature sets no limit to their number", () => {
  const namesOf = (functions: number) =>
    createReport(SMALL, { target: createTarget({ limits: { functions } }) }).limits.map(({ name }) => name);
  assert.deepEqual([namesOf(12), namesOf(1)], [["functions"], []]);
});

test("what was measured stays with a function for as long as it is the same", () => {
  const previous = createReport([
    { id: "cart", packages: [], startupCpu: 7 },
    { id: "home", packages: [], startupCpu: 4, hash: "h0" },
  ]);
  const { functions } = createReport(SMALL, { previous });
  assert.deepEqual(
    functions.map(({ id, startup }) => [id, startup?.startupCpu]),
    [
      ["cart", 7],
      ["home", undefined],
    ],
  );
});

test("a function that went is named, and one whose hash is the same has not changed", () => {
  const previous = createReport(SMALL);
  const { changes } = createReport(SMALL.slice(0, 1), { previous });
  assert.deepEqual([changes?.removed, changes?.added, changes?.changed], [["home"], [], []]);
});

test("without a readable report of this app there is nothing to compare with", async (t) => {
  const out = createFolder(t, {});
  assert.throws(() => readReport(out, "fake"), { code: "REPORT_ABSENT" });
  await writeReport(out, createReport(SMALL));
  assert.equal(readReport(out, "fake").data.app, "shop");
  assert.equal(previousReport(out, "other", "fake"), undefined);
  const broken = createReport(SMALL);
  Object.assign(broken.functions[0] ?? {}, { packages: [null] });
  for (const text of [
    JSON.stringify(broken),
    "",
    "{",
    "null",
    "[]",
    '{"version":2}',
    '{"version":1,"functions":[null]}',
  ]) {
    writeFileSync(join(out, "fake.report/report.json"), text);
    assert.equal(previousReport(out, "shop", "fake"), undefined);
    assert.throws(() => readReport(out, "fake"), { code: "REPORT_ABSENT" });
  }
});

test("a build leaves foreign files in the report's folder alone, and goes on where it cannot write", async (t) => {
  const root = createFolder(t, { ...APP, "dist/fake.report/notes.txt": "mine" });
  await buildApp(root);
  assert.deepEqual(readdirSync(join(root, "dist/fake.report")).sort(), ["notes.txt", "report.html", "report.json"]);
  const blocked = createFolder(t, APP);
  mkdirSync(join(blocked, "dist"));
  writeFileSync(join(blocked, "dist/fake.report"), "a file");
  const { notices, page, artefact } = await buildApp(blocked);
  assert.equal(page, undefined);
  assert.ok(notices.some(({ code }) => code === "REPORT_FAILED"));
  assert.ok(readFileSync(join(artefact.root, "manifest.json")));
});

test("tiles of a treemap fill it without a gap, each as large as its weight", () => {
  const items = [600, 300, 300, 200, 100, 0, 50].map((bytes) => ({ bytes }));
  const tiles = squarify(items, 600, 400);
  assert.equal(tiles.length, 6);
  for (const { item, x, y, width, height } of tiles) {
    assert.ok(Math.abs(width * height - (item.bytes * 600 * 400) / 1550) < 1e-6);
    assert.ok(x >= 0 && y >= 0 && x + width <= 600 + 1e-6 && y + height <= 400 + 1e-6);
  }
  for (const [at, a] of tiles.entries()) {
    for (const b of tiles.slice(at + 1)) {
      const apart =
        a.x + a.width <= b.x + 1e-6 ||
        b.x + b.width <= a.x + 1e-6 ||
        a.y + a.height <= b.y + 1e-6 ||
        b.y + b.height <= a.y + 1e-6;
      assert.ok(apart, "two tiles lie on each other");
    }
  }
  assert.deepEqual(squarify([], 10, 10), []);
});

test("a report of 1,000 functions lists them all and bounds what grows with their square", () => {
  const data = createReport(manyFunctions(1000));
  assert.equal(data.functions.length, 1000);
  assert.ok(data.packages.length <= 200 && data.shared.every(({ routes }) => routes.length <= 12));
  assert.equal(data.packages[0]?.name, "zod");
  assert.equal(data.packages[0]?.functions, 1000);
});
