import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildApp, createPlan } from "./build.fixture.ts";
import { type NodeConfig, nodeConfig } from "./config.ts";
import { target } from "./target.ts";

const parse = (config: unknown): NodeConfig => nodeConfig.parse(config);
const route = (runtime?: string, regions?: string[]) => {
  const [first] = createPlan({ routes: { "/": { config: { runtime, regions } } } }).routes;
  assert.ok(first);
  return { route: first, lacks: () => undefined };
};

test("the config may be empty, and unknown keys and wrong values are errors", () => {
  assert.deepEqual(parse({}), { image: "node:24-slim" });
  const whole = { port: 80, trustProxy: ["10.0.0.0/8", "::1"], limits: { bodyBytes: 0 }, health: false, shutdown: {} };
  assert.deepEqual(parse(whole), { ...whole, image: "node:24-slim" });
  for (const wrong of [
    { prot: 80 },
    { port: 70_000 },
    { trustProxy: true },
    { trustProxy: ["all"] },
    { limits: { body: 1 } },
    { health: { live: "healthz" } },
    { image: "node\nRUN x" },
  ]) {
    assert.equal(nodeConfig.safeParse(wrong).success, false, JSON.stringify(wrong));
  }
});

test("a route that asks for another runtime or for regions is an error that names it", () => {
  const config = parse({});
  assert.equal(target.choose(route(), config).variant, "node");
  assert.equal(target.choose(route("node"), config).variant, "node");
  assert.throws(() => target.choose(route("edge"), config), { code: "NODE_RUNTIME", message: /^routes\/\.ts/ });
  assert.throws(() => target.choose(route(undefined, ["fra1"]), config), { code: "NODE_REGIONS" });
});

test("the entry is a few lines with the config baked in", () => {
  const plan = createPlan({ routes: { "/": {}, "/nightly": { config: { schedule: "0 3 * * *" } } } });
  const entry = target.entry(plan, parse({ port: 8080 }));
  assert.ok(entry.split("\n").length <= 5);
  assert.match(entry, /"port":8080/);
  assert.match(entry, /"live":"\/healthz","ready":"\/readyz"/);
  assert.match(entry, /\["0 3 \* \* \*","\/nightly"\]/);
  assert.doesNotMatch(target.entry(plan, parse({ health: false })), /healthz/);
});

test("what is written starts alone: a server, a package, a container", async () => {
  const { artefact, remove } = await buildApp({
    routes: { "/": { source: "export const GET = () => new Response();" } },
  });
  try {
    const read = (path: string) => readFileSync(join(artefact.root, path), "utf8");
    assert.equal(artefact.manifest.functions[0]?.entry, "server.mjs");
    assert.equal(JSON.parse(read("package.json")).type, "module");
    assert.match(
      read("Dockerfile"),
      /FROM node:24-slim[\s\S]*USER node[\s\S]*HEALTHCHECK[\s\S]*\/healthz[\s\S]*server\.mjs/,
    );
    assert.match(read(".dockerignore"), /manifest\.json/);
    assert.equal(existsSync(join(artefact.root, "assets.json")), false);
  } finally {
    remove();
  }
});

test("a file with the path of a health endpoint is an error", async () => {
  const app = {
    routes: { "/": { source: "export const GET = () => new Response();" } },
    assets: { "/healthz": "mine" },
  };
  await assert.rejects(buildApp(app), { code: "NODE_HEALTH_PATH", message: /public\/healthz/ });
  (await buildApp({ ...app, config: { health: false } })).remove();
});
