import assert from "node:assert/strict";
import { test } from "node:test";
import type { RouteConfig, VariantQuestion } from "@godwit/bundler/contracts";
import { createPlan, readConfig } from "./build.fixture.ts";
import { schema, type VercelConfig } from "./config.ts";
import { target } from "./target.ts";

function ask(config: RouteConfig = {}, gap?: string): VariantQuestion {
  const [route] = createPlan({ id: "x", routes: [{ pattern: "/report", config }] }).routes;
  assert.ok(route);
  return { route, lacks: (variant) => (variant === "edge" ? gap : undefined) };
}

const CHAIN = "it uses node:child_process: routes/report.ts > lib/pdf.ts > node:child_process";
const app = (runtime: VercelConfig["runtime"]) => readConfig({ runtime });

test("a route runs on Edge when it can, and on Node when it cannot, with the import chain as the reason", () => {
  assert.deepEqual(target.choose(ask(), app("auto")), { variant: "edge", reason: "nothing in it needs Node" });
  assert.deepEqual(target.choose(ask({}, CHAIN), app("auto")), { variant: "node", reason: CHAIN });
});

test("the config of the route beats that of the app", () => {
  assert.deepEqual(target.choose(ask({ runtime: "node" }), app("edge")), {
    variant: "node",
    reason: "routes/report.ts asks for Node",
  });
  assert.equal(target.choose(ask({ runtime: "edge" }), app("node")).variant, "edge");
  assert.equal(target.choose(ask(), app("node")).reason, "the app's config asks for Node");
});

test("a runtime that cannot be met is an error with the reason", () => {
  const impossible = {
    code: "VERCEL_EDGE_IMPOSSIBLE",
    message: /routes\/report\.ts.*lib\/pdf\.ts > node:child_process/,
  };
  assert.throws(() => target.choose(ask({ runtime: "edge" }, CHAIN), app("auto")), impossible);
  assert.throws(() => target.choose(ask({}, CHAIN), app("edge")), impossible);
  assert.throws(() => target.choose(ask({ runtime: "bun" }), app("auto")), { code: "VERCEL_RUNTIME_UNKNOWN" });
});

test("packages and files beside the bundle ask for Node", () => {
  const question = ask({ includeFiles: ["data/*.csv"] });
  assert.equal(target.choose(question, app("auto")).variant, "node");
  const external = { ...question, route: { ...question.route, config: {}, external: ["sharp"] } };
  assert.match(target.choose(external, app("auto")).reason, /sharp/);
});

test("the config fills in its defaults, and refuses unknown keys and what the plan does not allow", () => {
  assert.deepEqual(readConfig(), { runtime: "auto", plan: "hobby", nodeVersion: "nodejs24.x", architecture: "x86_64" });
  assert.equal(schema.safeParse({ runtimes: "edge" }).success, false);
  assert.equal(schema.safeParse({ nodeVersion: "nodejs20.x" }).success, false);
  assert.equal(schema.safeParse({ regions: ["Frankfurt"] }).success, false);
  assert.match(schema.safeParse({ memory: 4096 }).error?.issues[0]?.message ?? "", /hobby plan allows at most 2048 MB/);
  assert.equal(schema.safeParse({ plan: "pro", memory: 4096, maxDuration: 800 }).success, true);
});

test("limits follow the plan and the variant", () => {
  assert.equal(target.limits?.(readConfig())?.functions, 12);
  assert.equal(target.limits?.(readConfig({ plan: "pro" }))?.functions, undefined);
  assert.equal(target.limits?.(readConfig({ plan: "pro" }), "edge").functionGzipBytes, 2_000_000);
  assert.equal(target.limits?.(readConfig({ plan: "pro" }), "node").duration, 800_000);
});

test("an entry names its own half alone, and the schedules where there are any", () => {
  const fn = (variant: "edge" | "node", config?: RouteConfig) =>
    target.entry(createPlan({ id: "x", variant, routes: [{ pattern: "/daily", config }] }), readConfig());
  assert.match(fn("edge"), /import \{ toEdge \} from "@godwit\/adapters\/vercel";\nexport default toEdge\(app\);/);
  assert.match(fn("node"), /toNode\(app\)/);
  assert.match(fn("node", { schedule: "0 5 * * *" }), /toNode\(app, \{"schedules":\["\/daily"\]\}\)/);
});
