import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Builder, FunctionPlan, RoutePlan, VariantQuestion } from "@godwit/bundler/contracts";
import { parsePattern } from "@godwit/core/pattern";
import { type LambdaConfig, lambdaConfig } from "./config.ts";
import { fronts } from "./emulate.ts";
import { createFront } from "./front.ts";
import { target } from "./target.ts";

function routeOf(pattern: string, change: Partial<RoutePlan> = {}): RoutePlan {
  const none = { methods: ["GET"], config: {}, middleware: [], needs: [], usesWaitUntil: false, external: [] };
  return { file: `routes${pattern}.ts`, pattern, segments: parsePattern(pattern), ...none, ...change };
}

function planOf(id: string, patterns: string[], change: Partial<FunctionPlan> = {}): FunctionPlan {
  const rest = { variant: "http-api", settings: {}, usesWaitUntil: false, reason: "", lazy: false };
  return { id, role: "handler", routes: patterns.map((pattern) => routeOf(pattern)), ...rest, ...change };
}

const configOf = async (value: unknown): Promise<LambdaConfig> => {
  const result = await lambdaConfig["~standard"].validate(value);
  if (result.issues) throw new Error(result.issues.map(({ message }) => message).join("; "));
  return result.value;
};

const fallback = planOf("fallback", [], { role: "fallback", servesAssets: true });

test("routes are API Gateway's, the rest goes to the fallback", () => {
  const plans = [
    planOf("index", ["/"]),
    planOf("user", ["/users/[id=int]", "/users/[name]/posts"]),
    planOf("about", ["/[[lang]]/about"]),
    planOf("files", ["/files/[...path]"]),
    planOf("wiki", ["/wiki/[[...path]]"]),
    fallback,
  ];
  assert.deepEqual(
    createFront(plans, [], "http-api").map(({ match, function: id }) => `${match} -> ${id}`),
    [
      "ANY / -> index",
      "ANY /about -> about",
      "ANY /files/{proxy+} -> files",
      "ANY /users/{id} -> user",
      "ANY /users/{id}/posts -> user",
      "ANY /wiki -> wiki",
      "ANY /wiki/{proxy+} -> wiki",
      "ANY /{lang}/about -> about",
      "$default -> fallback",
    ],
  );
});

test("routes of a fallback need none in the front", () => {
  const plans = [planOf("a", ["/a"]), planOf("rest", ["/b", "/c/[id]"], { role: "fallback" })];
  assert.deepEqual(createFront(plans, ["/c/logo.png"], "http-api"), [
    { match: "ANY /a", function: "a" },
    { match: "$default", function: "rest" },
  ]);
});

test("a REST front needs two routes for the fallback, and has no {proxy+} beside a variable", () => {
  const list = (...plans: FunctionPlan[]) =>
    createFront([...plans, fallback], [], "rest").map(({ match, function: id }) => `${match} -> ${id}`);
  assert.deepEqual(list(planOf("a", ["/a"])), ["ANY / -> fallback", "ANY /a -> a", "ANY /{proxy+} -> fallback"]);
  assert.deepEqual(list(planOf("slug", ["/[slug]"]), planOf("all", ["/x/[...rest]"]), planOf("one", ["/x/[id]"])), [
    "ANY / -> fallback",
    "ANY /x/{id} -> one",
    "ANY /x/{id}/{proxy+} -> all",
    "ANY /{slug} -> slug",
    "ANY /{slug}/{proxy+} -> fallback",
  ]);
});

test("a file has a front route of its own where a route would take its path", () => {
  const plans = [planOf("user", ["/users/[id]"]), fallback];
  const matches = createFront(plans, ["/robots.txt", "/users/logo.png", "/users/a/b.txt"], "http-api");
  assert.deepEqual(matches, [
    { match: "ANY /users/logo.png", function: "fallback" },
    { match: "ANY /users/{id}", function: "user" },
    { match: "$default", function: "fallback" },
  ]);
});

test("two functions with paths that API Gateway cannot tell apart are a named error", () => {
  const plans = [planOf("a", ["/[id=int]"]), planOf("b", ["/[slug]"])];
  assert.throws(() => createFront(plans, [], "http-api"), { code: "LAMBDA_ROUTES_OVERLAP", message: /a and b/ });
});

test("the config has defaults, and fronts that cannot do what is asked are refused", async () => {
  const defaults = { memory: 512, runtime: "nodejs24.x", stage: "$default", trustProxy: 0, frontRoutes: 300 };
  assert.deepEqual(await configOf({}), { ...defaults, front: "http-api", timeout: 30 });
  assert.deepEqual(await configOf({ front: "rest-stream" }), { ...defaults, front: "rest-stream", timeout: 30 });
  assert.equal((await configOf({ front: "rest" })).timeout, 29);
  assert.equal((await configOf({ front: "function-url", timeout: 900 })).timeout, 900);
  await assert.rejects(configOf({ front: "http-api-stage" }), /rest-stream/);
  await assert.rejects(configOf({ timeout: 60 }), /waits 30 seconds/);
  await assert.rejects(configOf({ memry: 1 }), /memry/);
});

test("the fronts are the emulator's, and each is a variant that says what it does to a request", async () => {
  assert.deepEqual(Object.keys(target.variants), [...fronts]);
  const facts = Object.entries(target.variants).map(([name, { front, streaming, memory, alters = [] }]) => {
    assert.equal(memory, true);
    return `${name}: ${front}${streaming ? ", streams" : ""}; ${alters.join(" ")}`;
  });
  assert.deepEqual(facts, [
    "http-api: segments; dot-segments encoded-path text-bodies",
    "rest: segments; dot-segments query",
    "rest-stream: segments, streams; dot-segments query",
    "function-url: self; text-bodies",
    "function-url-stream: self, streams; text-bodies",
    "alb: self; query repeats text-bodies",
    "alb-multi: self; query text-bodies",
    "lattice: self; text-bodies",
  ]);
});

test("a route's variant is the front, and what Lambda has not is an error", async () => {
  const lacks = () => undefined;
  const ask = async (config: unknown, change: Partial<RoutePlan> = {}) => {
    const question: VariantQuestion = { route: routeOf("/a", change), lacks };
    return target.choose(question, await configOf(config)).variant;
  };
  for (const front of Object.keys(target.variants)) assert.equal(await ask({ front }), front);
  await assert.rejects(ask({}, { config: { runtime: "edge" } }), { code: "LAMBDA_RUNTIME" });
  await assert.rejects(ask({}, { config: { regions: ["us-east-1"] } }), { code: "LAMBDA_REGIONS" });
});

test("an entry names what its function needs, and no more", async () => {
  const config = await configOf({});
  assert.equal(
    target.entry(planOf("a", ["/a"]), config),
    `import app from "godwit:app";
import { toHandler } from "@godwit/adapters/lambda";
export const handler = toHandler(app);
`,
  );
  const all = planOf("a", ["/a"], { usesWaitUntil: true, servesAssets: true });
  assert.equal(
    target.entry(all, await configOf({ front: "alb", trustProxy: 1, basePath: "/v1" })),
    `import app from "godwit:app";
import { createBackground, openFiles, toHandler } from "@godwit/adapters/lambda";
export const handler = toHandler(app, { trustProxy: 1, basePath: "/v1", files: openFiles(import.meta.url), background: await createBackground() });
`,
  );
  const daily = planOf("a", [], { routes: [routeOf("/daily", { config: { schedule: "0 5 * * *" } })] });
  assert.match(target.entry(daily, config), /handler = toHandler\(app, \{ schedule: runSchedule \}\);/);
  assert.match(
    target.entry(planOf("a", ["/a"], { usesWaitUntil: true }), await configOf({ front: "rest-stream" })),
    /handler = toStreamingHandler\(app\);/,
  );
});

test("a function is a folder and a zip of the same files; public files are in the fallback's", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lambda-"));
  try {
    const source = join(folder, "robots.txt");
    await writeFile(source, "hello");
    const bytes = (text: string) => new TextEncoder().encode(text);
    const written = new Map<string, string>();
    const zips: string[][] = [];
    const daily = routeOf("/daily", {
      config: { schedule: "0 5 * * *" },
      needs: [{ kind: "native", name: "a.node", chain: [] }],
    });
    const builder: Builder<LambdaConfig> = {
      app: "app",
      config: await configOf({ memory: 256 }),
      functions: [
        {
          plan: planOf("daily", [], { routes: [daily], settings: { memory: 1024, timeout: 60_000 } }),
          files: [
            { path: "daily.mjs", contents: bytes("entry") },
            { path: "chunk-a.mjs", contents: bytes("chunk") },
          ],
          maps: [],
        },
        { plan: fallback, files: [{ path: "fallback.mjs", contents: bytes("f") }], maps: [] },
      ],
      assets: [{ path: "/robots.txt", source, bytes: 5, contentType: "text/plain; charset=utf-8" }],
      env: { vars: [], secrets: [] },
      write: (path, contents) => written.set(path, Buffer.from(contents).toString()),
      copy: () => assert.fail("copied"),
      zip(files) {
        zips.push(files.map(({ path }) => path));
        return bytes("zip");
      },
    };
    const emitted = await target.emit(builder);
    const index =
      '{\n  "/robots.txt": [\n    5,\n    "text/plain; charset=utf-8",\n    "\\"LPJNul-wow4m6Dsqxbninh\\""\n  ]\n}\n';
    assert.deepEqual(Object.fromEntries(written), {
      "functions/daily/index.mjs": "entry",
      "functions/daily/chunk-a.mjs": "chunk",
      "functions/daily.zip": "zip",
      "functions/fallback/index.mjs": "f",
      "functions/fallback/assets.json": index,
      "functions/fallback/public/robots.txt": "hello",
      "functions/fallback.zip": "zip",
    });
    assert.deepEqual(zips, [
      ["index.mjs", "chunk-a.mjs"],
      ["index.mjs", "assets.json", "public/robots.txt"],
    ]);
    const common = { handler: "index.handler", invokeMode: "BUFFERED", runtime: "nodejs24.x", stage: "$default" };
    assert.deepEqual(emitted, {
      front: {
        kind: "http-api",
        routes: [
          { match: "ANY /daily", function: "daily" },
          { match: "$default", function: "fallback" },
        ],
      },
      functions: [
        {
          id: "daily",
          entry: "functions/daily/index.mjs",
          files: ["functions/daily/index.mjs", "functions/daily/chunk-a.mjs"],
          zip: "functions/daily.zip",
        },
        {
          id: "fallback",
          entry: "functions/fallback/index.mjs",
          files: [
            "functions/fallback/index.mjs",
            "functions/fallback/assets.json",
            "functions/fallback/public/robots.txt",
          ],
          zip: "functions/fallback.zip",
        },
      ],
      resources: [
        { kind: "lambda", name: "daily", spec: { ...common, architecture: "x64", memory: 1024, timeout: 61 } },
        { kind: "lambda", name: "fallback", spec: { ...common, architecture: "arm64", memory: 256, timeout: 30 } },
      ],
      triggers: [{ kind: "schedule", schedule: "0 5 * * *", pattern: "/daily", function: "daily" }],
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a front for one function refuses several, and one that is full more routes", async () => {
  const file = (id: string) => [{ path: `${id}.mjs`, contents: new Uint8Array() }];
  const functions = ["a", "b"].map((id) => ({ plan: planOf(id, [`/${id}`]), files: file(id), maps: [] }));
  const never = () => assert.fail("called");
  const builder: Builder<LambdaConfig> = {
    app: "app",
    config: await configOf({ front: "alb" }),
    functions,
    assets: [],
    env: { vars: [], secrets: [] },
    write: never,
    copy: never,
    zip: never,
  };
  await assert.rejects(target.emit(builder), { code: "LAMBDA_ONE_FUNCTION" });
  const many = Array.from({ length: 300 }, (_, at) => `/${at}`);
  const full = {
    ...builder,
    config: await configOf({}),
    functions: [{ plan: planOf("many", many), files: file("many"), maps: [] }],
  };
  const ignore = () => {};
  await assert.rejects(target.emit({ ...full, write: ignore, zip: () => new Uint8Array() }), {
    code: "LAMBDA_FRONT_ROUTES",
    message: /takes 300 routes, and the app needs 301/,
  });
  const raised = await configOf({ frontRoutes: 400 });
  await target.emit({ ...full, config: raised, write: ignore, zip: () => new Uint8Array() });
  assert.deepEqual([target.limits?.(raised), target.limits?.(raised, "alb")], [{ frontRoutes: 390 }, {}]);
});
