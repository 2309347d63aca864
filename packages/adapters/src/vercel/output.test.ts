import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  deserializeBuildOutput,
  deserializeLambda,
  EdgeFunction,
  getSupportedNodeVersion,
  NodejsLambda,
  validateBuildResult,
} from "@vercel/build-utils";
import { getTransformedRoutes, normalizeRoutes, routesSchema } from "@vercel/routing-utils";
import { type AppFixture, type Built, buildApp } from "./build.fixture.ts";

const APP: AppFixture = {
  functions: [
    {
      id: "edge",
      variant: "edge",
      routes: [{ pattern: "/edge/[id]" }, { pattern: "/daily", config: { schedule: "30 4 * * *" } }],
    },
    { id: "index", timeout: 5000, routes: [{ pattern: "/" }, { pattern: "/café/[[lang]]/[...path]" }] },
    { id: "fallback", role: "fallback" },
  ],
  assets: { "/hello.txt": "hello", "/docs/page.html": "<p>page</p>" },
  config: { plan: "pro", regions: ["iad1"], memory: 1024, architecture: "arm64" },
  env: { vars: ["GREETING"], secrets: ["API_KEY"] },
};

let built: Built;
before(async () => {
  built = await buildApp(APP);
});
after(() => built.remove());

const readText = (path: string) => readFileSync(join(built.root, ".vercel/output", path), "utf8");
const readJson = (path: string) => JSON.parse(readText(path));

/** As the Vercel CLI reads a prebuilt deployment. */
async function deserialize() {
  return deserializeBuildOutput({
    outputDir: join(built.root, ".vercel/output"),
    repoRootPath: built.root,
    deserializeLambda,
    groupLambdas: async (lambdas) => lambdas,
    warn: (message) => assert.fail(message),
  });
}

test("Vercel's routing-utils takes the routes, and changes nothing in them", () => {
  const { routes } = readJson("config.json");
  const normal = normalizeRoutes(routes);
  assert.equal(normal.error, null);
  assert.deepEqual(normal.routes, routes);
  assert.deepEqual(getTransformedRoutes({ routes }), { routes, error: null });
});

test("every field of a route is one that Vercel's schema knows, within its lengths", () => {
  const known = routesSchema.items.anyOf[0].properties;
  const { routes } = readJson("config.json");
  for (const route of routes) {
    if ("handle" in route) continue;
    assert.deepEqual(
      Object.keys(route).filter((key) => !(key in known)),
      [],
    );
    assert.ok(route.src.length <= known.src.maxLength);
  }
});

test("Vercel's build-utils reads the whole output, functions and files, and finds nothing to warn of", async () => {
  const { output, crons } = await deserialize();
  assert.deepEqual(Object.keys(output).sort(), [
    "_godwit/_index",
    "_godwit/edge",
    "_godwit/fallback",
    "docs/page.html",
    "hello.txt",
  ]);
  assert.deepEqual(crons, [{ path: "/daily", schedule: "30 4 * * *" }]);
  assert.equal(Object(output["hello.txt"]).contentType, "text/plain; charset=utf-8");
  await validateBuildResult({ buildConfig: {}, buildResponse: { output } });
});

test("a Node function is one that Vercel's build-utils accepts, with a version of Node that is not discontinued", async () => {
  const { output } = await deserialize();
  const lambda = output["_godwit/_index"];
  assert.ok(lambda instanceof NodejsLambda);
  assert.deepEqual(
    {
      handler: lambda.handler,
      runtime: lambda.runtime,
      launcher: lambda.launcherType,
      helpers: lambda.shouldAddHelpers,
      streaming: lambda.supportsResponseStreaming,
      cancellation: lambda.supportsCancellation,
      architecture: lambda.architecture,
      memory: lambda.memory,
      maxDuration: lambda.maxDuration,
      regions: lambda.regions,
    },
    {
      handler: "index.mjs",
      runtime: "nodejs24.x",
      launcher: "Nodejs",
      helpers: false,
      streaming: true,
      cancellation: true,
      architecture: "arm64",
      memory: 1024,
      maxDuration: 6,
      regions: ["iad1"],
    },
  );
  assert.ok(lambda.files && lambda.handler in lambda.files);
  assert.equal((await getSupportedNodeVersion("24.x", false)).state, "active");
  assert.ok((await lambda.createZip()).length > 500);
});

test("an Edge function names its entry and the variables it may see, the cron's secret among them", async () => {
  const { output } = await deserialize();
  const edge = output["_godwit/edge"];
  assert.ok(edge instanceof EdgeFunction);
  assert.equal(edge.deploymentTarget, "v8-worker");
  assert.ok(edge.entrypoint in edge.files);
  assert.deepEqual(readJson("functions/_godwit/edge.func/.vc-config.json").envVarsInUse, [
    "API_KEY",
    "CRON_SECRET",
    "GREETING",
  ]);
});

test("the manifest lists each function's files, the front in Vercel's syntax, and what a schedule needs", () => {
  const { functions, front, resources, triggers } = built.manifest;
  const folder = ".vercel/output/functions/_godwit";
  assert.deepEqual(
    functions.map(({ entry }) => entry),
    [`${folder}/edge.func/index.js`, `${folder}/_index.func/index.mjs`, `${folder}/fallback.func/index.mjs`],
  );
  assert.deepEqual(
    functions[1]?.files.map(({ path }) => path),
    [`${folder}/_index.func/.vc-config.json`, `${folder}/_index.func/index.mjs`],
  );
  assert.equal(front.kind, "build-output");
  assert.equal(front.routes.at(-1)?.function, "fallback");
  assert.deepEqual(triggers, [{ kind: "schedule", schedule: "30 4 * * *", pattern: "/daily", function: "edge" }]);
  assert.deepEqual(resources, [{ kind: "secret", name: "CRON_SECRET", spec: { generate: true } }]);
});

test("two builds of one app are the same bytes, and no machine path is in them", async () => {
  const again = await buildApp(APP);
  try {
    for (const { entry, files } of built.manifest.functions) {
      for (const { path } of files) {
        const text = readFileSync(join(built.root, path), "utf8");
        assert.equal(readFileSync(join(again.root, path), "utf8"), text);
        assert.ok(!text.includes(built.root), entry);
      }
    }
    assert.equal(readFileSync(join(again.root, ".vercel/output/config.json"), "utf8"), readText("config.json"));
  } finally {
    again.remove();
  }
});

test("files that would hide a route or a function on Vercel are errors that name both", async () => {
  const page = { id: "page", routes: [{ pattern: "/docs" }] };
  await assert.rejects(buildApp({ functions: [page], assets: { "/docs/index.html": "x" } }), {
    code: "VERCEL_INDEX_HIDES_ROUTE",
    message: /public\/docs\/index\.html .* routes\/docs\.ts/,
  });
  await assert.rejects(buildApp({ functions: [page], assets: { "/_godwit/x": "x" } }), {
    code: "VERCEL_PATH_RESERVED",
  });
});

test("a schedule that Vercel would not run is an error that says why", async () => {
  const build = (schedule: string, pattern = "/daily", plan: "hobby" | "pro" = "pro") =>
    buildApp({ functions: [{ id: "cron", routes: [{ pattern, config: { schedule } }] }], config: { plan } }).then(
      (app) => app.remove(),
    );
  const refused: [RegExp, ...Parameters<typeof build>][] = [
    [/five fields/, "* * * *"],
    [/no names/, "0 5 * * MON"],
    [/exclude each other/, "0 5 1 * 1"],
    [/no parameters/, "0 5 * * *", "/[id]"],
    [/once a day/, "*/5 * * * *", "/daily", "hobby"],
  ];
  for (const [message, ...given] of refused) {
    await assert.rejects(build(...given), { code: "VERCEL_SCHEDULE_UNSUPPORTED", message });
  }
  await assert.doesNotReject(build("*/5 * * * *"));
  await assert.doesNotReject(build("0 5 * * *", "/daily", "hobby"));
});
