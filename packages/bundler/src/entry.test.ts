import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { App, Match } from "@godwit/core/types";
import { build } from "esbuild";
import type { FunctionPlan } from "./contracts.ts";
import { appSource } from "./entry.ts";
import { groupRoutes } from "./group.ts";
import { analyse, fakeTarget } from "./scan.fixture.ts";
import type { AnalysedApp } from "./steps.ts";

interface AppModule {
  default: App;
  env: unknown;
  behind?: Match;
}

/** Bundles `godwit:app` as a build would, and runs it. */
async function load(plan: FunctionPlan, app: AnalysedApp, dev = false): Promise<AppModule> {
  const outdir = join(app.root, `out-${plan.id}`);
  await build({
    stdin: { contents: appSource(plan, app, { dev }), resolveDir: app.root, loader: "ts" },
    absWorkingDir: app.root,
    outdir,
    entryNames: "app",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    nodePaths: [join(import.meta.dirname, "../node_modules")],
    logLevel: "silent",
  });
  return (await import(pathToFileURL(join(outdir, "app.mjs")).href)) as AppModule; // what appSource promises
}

async function ask({ default: app }: AppModule, path: string, method = "GET"): Promise<string> {
  const response = await app.fetch(new Request(`http://localhost${path}`, { method }));
  return `${response.status} ${response.headers.get("x-trail") ?? "-"} ${response.ok ? await response.text() : ""}`.trim();
}

const say = (name: string) =>
  `export const GET = (_: Request, c: any) => new Response(${JSON.stringify(name)} + " " + c.route + " " + JSON.stringify(c.params));`;
const trail = (name: string) =>
  `export default async (_r: Request, _c: any, next: any) => { const r = await next(); r.headers.append("x-trail", "${name}"); return r; };`;

const files = {
  "routes/_middleware.ts": trail("root"),
  "routes/_not-found.ts": 'export default () => new Response("nothing here", { status: 404 });',
  "routes/index.ts": say("index"),
  "routes/users/_middleware.ts": `${trail("users").replace("export default", "const one =")} export default [one];`,
  "routes/users/[id=int].ts": say("int"),
  "routes/users/[id=even].ts": say("even"),
  "routes/users/[slug].ts": say("slug"),
  "routes/users/me.ts": say("me"),
  "routes/[[lang]]/about.ts": say("about"),
  "routes/files/[...path].ts": say("files"),
  "routes/slow.ts": `export const config = { timeout: "20ms" };\nexport const GET = () => new Promise(() => {});`,
  "matchers/even.ts": "export default (value: string) => /^e/.test(value);",
};
const answers: [path: string, answer: string][] = [
  ["/", "200 root index / {}"],
  ["/users/me", "200 users, root me /users/me {}"],
  ["/users/12", '200 users, root int /users/[id=int] {"id":"12"}'],
  ["/users/e1", '200 users, root even /users/[id=even] {"id":"e1"}'],
  ["/users/x%2Fy", '200 users, root slug /users/[slug] {"slug":"x/y"}'],
  ["/about", "200 root about /[[lang]]/about {}"],
  ["/de/about", '200 root about /[[lang]]/about {"lang":"de"}'],
  ["/files/a/b", '200 root files /files/[...path] {"path":["a","b"]}'],
  ["/slow", "504 -"],
  ["/nowhere", "404 root"],
  ["/users/", "404 root"],
  ["/%zz", "400 root"],
];

const toWhole = (app: AnalysedApp, lazy: boolean): FunctionPlan => ({
  id: lazy ? "lazy" : "eager",
  role: "handler",
  variant: "",
  routes: app.routes,
  settings: {},
  usesWaitUntil: true,
  reason: "",
  lazy,
});

for (const lazy of [false, true]) {
  test(`a whole app answers every path, its routes loaded ${lazy ? "on first use" : "at start"}`, async () => {
    const app = await analyse(files);
    const module = await load(toWhole(app, lazy), app);
    for (const [path, answer] of answers) assert.equal(await ask(module, path), answer, path);
    assert.equal(module.env, undefined);
    assert.equal(await ask(module, "/users/me", "POST"), "405 users, root");
  });
}

test("functions behind a front answer as the whole app does, and the last one what nothing matches", async () => {
  const app = await analyse(files);
  const { plans } = groupRoutes(app, { target: fakeTarget({ front: "segments" }), targetConfig: {}, config: {} });
  const modules = await Promise.all(plans.map(async (plan) => ({ plan, module: await load(plan, app) })));
  for (const [path, answer] of answers) {
    const found = [];
    for (const { plan, module } of modules) {
      const said = await ask(module, path);
      if (plan.role === "fallback" || !/^(?:404|400)/.test(said)) found.push(said);
    }
    assert.ok(found.includes(answer), `${path}: ${found.join(" | ")}`);
  }
});

test("a dispatcher tells which function serves a path, and keeps its own where they are more specific", async () => {
  const app = await analyse({
    "routes/users/[id=int].ts": `export const config = { group: "users" };\n${say("int")}`,
    "routes/users/[slug].ts": `export const config = { group: "users" };\n${say("slug")}`,
    "routes/users/me.ts": say("me"),
    "routes/[...rest].ts": say("rest"),
    "routes/big.ts": `export const config = { split: true };\n${say("big")}`,
  });
  const { plans } = groupRoutes(app, { target: fakeTarget({ front: "self" }), targetConfig: {}, config: {} });
  const [dispatcher] = plans;
  assert.ok(dispatcher);
  const { behind } = await load(dispatcher, app);
  const serves = (path: string) => behind?.(path)?.route.pattern;
  assert.deepEqual(["/users/1", "/users/x", "/big"].map(serves), ["users", "users", "big"]);
  assert.deepEqual(["/users/me", "/users/x/y", "/", "/%zz"].map(serves), [undefined, undefined, undefined, undefined]);
});

test("only what a function serves is in it: one pattern needs no router, and config stays out", async () => {
  const app = await analyse(files);
  const { plans } = groupRoutes(app, { target: fakeTarget({ front: "segments" }), targetConfig: {}, config: {} });
  const slow = plans.find(({ id }) => id === "slow");
  assert.ok(slow);
  assert.equal(
    appSource(slow, app),
    `import { createApp } from "@godwit/core/app";
import { timeout } from "@godwit/core/middleware/timeout";
import { onePattern } from "@godwit/core/router";
import { default as f0 } from "./routes/_middleware.ts";
import { GET as f1 } from "./routes/slow.ts";
import { default as f2 } from "./routes/_not-found.ts";
export const env = undefined;
const chain0 = [f0].flat();
const route0 = { pattern: "/slow", module: { GET: f1 }, middleware: [timeout({ after: 20 }), ...chain0] };
export default createApp(onePattern(["slow"], route0), { middleware: chain0, notFound: f2 });
`,
  );
});
