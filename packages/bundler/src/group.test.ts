import assert from "node:assert/strict";
import { test } from "node:test";
import type { RoutePlan } from "./contracts.ts";
import { type GroupOptions, groupRoutes } from "./group.ts";
import { analyse, type FakePlatform, failsWith, fakeTarget, GET } from "./scan.fixture.ts";
import type { AnalysedApp, BuildConfig } from "./steps.ts";

async function appOf(files: Record<string, string>): Promise<AnalysedApp> {
  return analyse(Object.fromEntries(Object.entries(files).map(([file, text]) => [`routes/${file}`, text || GET])));
}

const withConfig = (config: string) => `export const config = ${config};\n${GET}`;

function group(app: AnalysedApp, platform: FakePlatform, config: BuildConfig = {}, split?: GroupOptions["split"]) {
  return groupRoutes(app, { target: fakeTarget(platform), targetConfig: {}, config, split });
}

const summary = (app: AnalysedApp, platform: FakePlatform, config?: BuildConfig) =>
  group(app, platform, config).plans.map(({ id, routes }) => [id, ...routes.map(({ pattern }) => pattern)]);

const plain = { "index.ts": "", "users/[id].ts": "", "users/index.ts": "" };

test("behind a front each route is a function, and one more answers what nothing matches", async () => {
  const { plans } = group(await appOf(plain), { front: "segments" });
  assert.deepEqual(
    plans.map(({ id, role, lazy, reason }) => [id, role, lazy, reason]),
    [
      ["users-id", "handler", false, "a function of its own"],
      ["users", "handler", false, "a function of its own"],
      ["index", "handler", false, "a function of its own"],
      ["fallback", "fallback", false, "answers paths that nothing matches"],
    ],
  );
});

test("an app that is its own front is one function whose routes load on first use", async () => {
  const { plans } = group(await appOf(plain), { front: "self" });
  assert.deepEqual(
    plans.map(({ id, role, lazy, routes }) => [id, role, lazy, routes.length]),
    [["app", "handler", true, 3]],
  );
});

test("routes that a front cannot tell apart share a function", async () => {
  const app = await appOf({
    "users/[id=int].ts": "",
    "users/[slug].ts": "",
    "a/[x]/c.ts": "",
    "[y]/b/c.ts": "",
    "static.ts": "",
  });
  assert.deepEqual(summary(app, { front: "segments" }), [
    ["a-x-c-more", "/a/[x]/c", "/[y]/b/c"],
    ["static", "/static"],
    ["users", "/users/[id=int]", "/users/[slug]"],
    ["fallback"],
  ]);
  assert.deepEqual(summary(app, { front: "regex" }), [
    ["a-x-c", "/a/[x]/c"],
    ["static", "/static"],
    ["users", "/users/[id=int]", "/users/[slug]"],
    ["y-b-c", "/[y]/b/c"],
    ["fallback"],
  ]);
});

test("what a matcher refuses is served by the rest route that takes it", async () => {
  const app = await appOf({ "users/[id=int].ts": "", "[...rest].ts": "", "about.ts": "" });
  assert.deepEqual(summary(app, { front: "segments" }), [
    ["about", "/about"],
    ["users-id-more", "/users/[id=int]", "/[...rest]"],
    ["fallback"],
  ]);
});

test("grouping single is one function, which also answers what nothing matches", async () => {
  const { plans, notices } = group(await appOf(plain), { front: "segments" }, { grouping: "single" });
  assert.deepEqual(
    plans.map(({ id, role, routes }) => [id, role, routes.length]),
    [["app", "fallback", 3]],
  );
  assert.deepEqual(notices, []);
});

const shared = (name: string) =>
  `import { big } from "../lib/${name}.ts";\nexport const GET = () => new Response(big);`;
const big = (name: string) => `export const big = ${JSON.stringify(name.repeat(3000))};`;

test("over the platform's number of functions, routes that share most code are merged", async () => {
  const app = await analyse({
    "routes/a.ts": shared("one"),
    "routes/b.ts": shared("two"),
    "routes/c.ts": shared("one"),
    "routes/d.ts": shared("two"),
    "routes/e.ts": GET,
    "lib/one.ts": big("one"),
    "lib/two.ts": big("two"),
  });
  assert.deepEqual(summary(app, { front: "regex", limits: { functions: 4 } }), [
    ["a-more", "/a", "/c"],
    ["b-more", "/b", "/d"],
    ["e", "/e"],
    ["fallback"],
  ]);
  assert.deepEqual(summary(app, { front: "regex", limits: { functions: 1 } }), [["app", "/a", "/b", "/c", "/d", "/e"]]);
  assert.throws(
    () => summary(app, { front: "regex", limits: { functions: 4 } }, { grouping: "route" }),
    failsWith(
      "FUNCTION_BUDGET",
      'cloud takes 4 functions, and the app needs 6, one of them for paths that nothing matches. Take grouping "auto", which merges routes.',
    ),
  );
});

test("equal settings are merged before others", async () => {
  const app = await appOf({
    "a.ts": withConfig("{ memory: 512 }"),
    "b.ts": "",
    "c.ts": withConfig("{ memory: 512 }"),
    "d.ts": "",
  });
  const { plans } = group(app, { front: "regex", limits: { functions: 3 } });
  assert.deepEqual(
    plans.map(({ routes, settings }) => [routes.map(({ pattern }) => pattern).join(), settings]),
    [
      ["/a,/c", { memory: 512 }],
      ["/b,/d", {}],
      ["", {}],
    ],
  );
});

test("a group is one function under its name, and groups that cannot be are errors", async () => {
  const app = await appOf({
    "a.ts": withConfig('{ group: "admin", timeout: "5s" }'),
    "b.ts": "",
    "c.ts": withConfig('{ group: "admin", timeout: "60s" }'),
  });
  const { plans } = group(app, { front: "segments" });
  assert.deepEqual(
    plans.map(({ id, settings, reason }) => [id, settings, reason]),
    [
      ["admin", { timeout: 60_000 }, 'group "admin"'],
      ["b", {}, "a function of its own"],
      ["fallback", {}, "answers paths that nothing matches"],
    ],
  );
  const torn = await appOf({ "[a=int].ts": withConfig('{ group: "x" }'), "[b].ts": withConfig('{ group: "y" }') });
  assert.throws(
    () => group(torn, { front: "regex" }),
    failsWith(
      "GROUP_CONFLICT",
      'routes/[a=int].ts and routes/[b].ts must share a function (the front cannot test the matcher "int"), and are in the groups "x" and "y". Put them in one.',
    ),
  );
  const full = await appOf({ "a.ts": withConfig("{ split: true }"), "b.ts": withConfig('{ group: "g" }'), "c.ts": "" });
  assert.throws(
    () => group(full, { front: "regex", limits: { functions: 2 } }),
    failsWith(
      "FUNCTION_BUDGET",
      'cloud takes 2 functions, and the app needs 3, one of them for paths that nothing matches. Take `group` or `split` out of some routes (routes/a.ts asks for a function of its own; group "g"), or put them into fewer groups.',
    ),
  );
});

test("routes that ask for a function of their own stand behind a dispatcher", async () => {
  const app = await appOf({
    "a.ts": withConfig("{ split: true }"),
    "b/[id].ts": withConfig('{ group: "g" }'),
    "b/x.ts": "",
    "c.ts": withConfig('{ group: "g" }'),
  });
  const { plans } = group(app, { front: "self" });
  assert.deepEqual(
    plans.map(({ id, role, routes, behind }) => [id, role, routes.map(({ pattern }) => pattern), behind]),
    [
      [
        "app",
        "dispatcher",
        ["/b/x"],
        [
          { id: "a", patterns: ["/a"] },
          { id: "g", patterns: ["/b/[id]", "/c"] },
        ],
      ],
      ["a", "handler", ["/a"], undefined],
      ["g", "handler", ["/b/[id]", "/c"], undefined],
    ],
  );
  assert.throws(
    () => group(app, { front: "self", limits: { functions: 1 } }),
    failsWith(
      "SPLIT_UNAVAILABLE",
      "routes/a.ts asks for a function of its own, and cloud is one process. Take `split` out of its config, or build it for another target.",
    ),
  );
});

test("an app that is too large for one function is split into as few as its code allows", async () => {
  const files = ["a", "b", "c", "d"].map((name) => [`${name}.ts`, `${GET}export const big = "${name.repeat(4000)}";`]);
  const app = await appOf(Object.fromEntries(files));
  const { plans } = group(app, { front: "self", limits: { functionBytes: 11_000 } }, {}, true);
  assert.deepEqual(
    plans.map(({ role, routes }) => [role, routes.length]),
    [
      ["dispatcher", 0],
      ["handler", 2],
      ["handler", 2],
    ],
  );
});

test("what a platform lacks is an error that names the route and the imports that lead there", async () => {
  const app = await analyse({
    "routes/report.ts": 'import { print } from "../lib/pdf.ts";\nexport const GET = () => new Response(print());',
    "lib/pdf.ts": 'import { execSync } from "node:child_process";\nexport const print = () => execSync("x");',
  });
  assert.throws(
    () => group(app, { name: "cloudflare", front: "self", builtins: ["fs"] }),
    failsWith(
      "CAPABILITY_MISSING",
      "GET /report uses node:child_process, which cloudflare lacks: routes/report.ts > lib/pdf.ts > node:child_process. Take it out of what the route imports or asks for, or build for another target.",
    ),
  );
  const { plans } = group(app, { front: "regex", edge: true });
  assert.deepEqual(
    plans.map(({ id, variant, reason }) => [id, variant, reason]),
    [
      [
        "report",
        "node",
        "a function of its own; on node: GET /report uses node:child_process, which cloud's edge lacks: routes/report.ts > lib/pdf.ts > node:child_process",
      ],
      ["fallback", "edge", "answers paths that nothing matches; on edge: nothing in it needs Node"],
    ],
  );
});

test("routes that must share a function run on the variant that all can have", async () => {
  const app = await appOf({
    "[id=int].ts": 'import { readFileSync } from "node:fs";\nexport const GET = () => new Response(readFileSync("x"));',
    "[slug].ts": "",
  });
  const { plans } = group(app, { front: "regex", edge: true });
  assert.deepEqual(
    plans.map(({ id, variant }) => [id, variant]),
    [
      ["id-more", "node"],
      ["fallback", "edge"],
    ],
  );
});

test("a front that takes fewer routes than there are leaves the less specific to the last function", async () => {
  const app = await appOf({ "a.ts": "", "b.ts": "", "c/[id].ts": "", "c/d.ts": "", "[...rest].ts": "" });
  assert.deepEqual(summary(app, { front: "segments", limits: { frontRoutes: 4 } }), [
    ["a", "/a"],
    ["b", "/b"],
    ["c-d", "/c/d"],
    ["fallback", "/c/[id]", "/[...rest]"],
  ]);
});

test("memory where it cannot be chosen is a notice", async () => {
  const app = await appOf({ "a.ts": withConfig("{ memory: 512 }") });
  assert.deepEqual(group(app, { front: "self" }).notices, [
    {
      code: "HINT_NOT_APPLIED",
      message: "config.memory is not applied on cloud, where a function cannot choose its memory: routes/a.ts.",
    },
  ]);
});

test("ids are readable, unique and short", async () => {
  const app = await appOf({
    "users/[id].ts": "",
    "users/id.ts": "",
    "fallback.ts": "",
    "日本.ts": "",
    "a-path/that/goes/on/and/on/until/it/is/longer/than/any/name.ts": "",
  });
  const ids = group(app, { front: "regex" }).plans.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[a-z0-9]+(?:-[a-z0-9]+)*$/);
  for (const id of ids) assert.ok(id.length <= 48, id);
  assert.deepEqual(
    ids.map((id) => id.replace(/-[0-9a-f]{6}$/, "-#")),
    ["route-#", "a-path-that-goes-on-and-on-until-it-is-lo-#", "fallback-#", "users-id-#", "users-id-#", "fallback"],
  );
});

test("the order of routes in an app does not change its functions", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 24 }, (_, at) => [`r${at}/${at % 3 ? "x" : "[id]"}.ts`, shared(["one", "two"][at % 2] ?? "")]),
  );
  const texts = Object.entries(files).map(([file, text]) => [`routes/${file}`, text.replace("../lib", "../../lib")]);
  const libs = { "lib/one.ts": big("one"), "lib/two.ts": big("two") };
  const print = (app: AnalysedApp) =>
    JSON.stringify(group(app, { front: "segments", limits: { functions: 7 } }).plans.map(withoutNeeds));
  const withoutNeeds = ({ id, routes }: { id: string; routes: RoutePlan[] }) => [id, routes.map(({ file }) => file)];
  const first = print(await analyse({ ...Object.fromEntries(texts), ...libs }));
  for (const turn of [5, 11, 17]) {
    const turned = [...texts.slice(turn), ...texts.slice(0, turn)].reverse();
    assert.equal(print(await analyse({ ...libs, ...Object.fromEntries(turned) })), first);
  }
});
