import assert from "node:assert/strict";
import { test } from "node:test";
import { type DeployEvent, type DeployOptions, deploy } from "./deploy.ts";
import { type App, createClock, createCloud, type Opened, open, serve } from "./memory.fixture.ts";

const one: App = { functions: { index: "1", about: "1" } };
const two: App = { functions: { index: "2", about: "1" } };

function run(opened: Opened, more: Partial<DeployOptions> = {}) {
  const { deployer, input } = opened;
  const confirm = async () => ({ go: true, remove: false });
  return deploy({ deployer, input, requests: [], confirm, onEvent() {}, ...more });
}

test("a first deploy makes everything and then gives it the traffic", async () => {
  const cloud = createCloud();
  const { outcome, plan, release } = await run(open(cloud, { ...one, crons: { nightly: "0 1 * * *" } }));
  assert.equal(outcome, "deployed");
  assert.equal(release?.id, "r1");
  assert.deepEqual(
    plan.items.map(({ id, action }) => `${action} ${id}`),
    ["create function/index", "create function/about", "create cron/nightly"],
  );
  assert.deepEqual(cloud.calls.slice(2), ["make release", "switch r1 1", "create cron/nightly"]);
  assert.equal(cloud.serves("/about"), "1");
  assert.equal(cloud.lock, undefined);
});

test("deploying twice changes nothing the second time, and takes no lock", async () => {
  const cloud = createCloud();
  await run(open(cloud, one));
  cloud.calls = [];
  const opened = open(cloud, one);
  opened.deployer.lock = () => assert.fail("no lock is needed to look");
  const { outcome, urls } = await run(opened);
  assert.equal(outcome, "unchanged");
  assert.deepEqual(cloud.calls, []);
  assert.equal(urls[0]?.href, "https://shop.example/");
});

test("only what changed is touched", async () => {
  const cloud = createCloud();
  await run(open(cloud, one));
  cloud.calls = [];
  const { plan } = await run(open(cloud, two));
  assert.deepEqual(cloud.calls, ["update function/index", "make release", "switch r2 1"]);
  assert.deepEqual(plan.items[0]?.changes, [{ path: "code", from: "1", to: "2" }]);
  assert.equal(plan.release.from?.id, "r1");
});

test("a no changes nothing", async () => {
  const cloud = createCloud();
  const { outcome } = await run(open(cloud, one), { confirm: async () => ({ go: false, remove: false }) });
  assert.equal(outcome, "declined");
  assert.deepEqual(cloud.calls, []);
});

test("what nobody wants any more stays until somebody says so, and goes after the switch", async () => {
  const cloud = createCloud();
  await run(open(cloud, { ...one, crons: { nightly: "0 1 * * *" } }));
  const less: App = { functions: { index: "1" } };
  assert.deepEqual((await run(open(cloud, less))).removed, []);
  assert.ok(cloud.functions.has("about"));
  cloud.calls = [];
  const { removed, plan } = await run(open(cloud, less), { confirm: async () => ({ go: true, remove: true }) });
  assert.deepEqual(removed, ["cron/nightly", "function/about"]);
  assert.deepEqual(cloud.calls, ["remove cron/nightly", "remove function/about"]);
  assert.match(plan.items.find(({ id }) => id === "cron/nightly")?.irreversible ?? "", /forgotten/);
});

test("a release that does not answer as it must gets no traffic", async (t) => {
  const cloud = createCloud();
  await run(open(cloud, one));
  const candidate = await serve(t, (path) => (path === "/about" ? 500 : 200));
  const requests = [
    { method: "GET", path: "/" },
    { method: "GET", path: "/about" },
  ];
  const opened = open(cloud, two, { candidate });
  await assert.rejects(run(opened, { requests }), { code: "DEPLOY_VERIFY_FAILED", message: /GET \/about .* gave 500/ });
  assert.equal(cloud.serves("/"), "1");
  assert.equal(cloud.lock, undefined);
});

test("verification waits for a release that is not known everywhere yet, and sends the candidate's headers", async (t) => {
  const cloud = createCloud();
  const seen: unknown[] = [];
  const candidate = await serve(t, (_path, headers) => {
    seen.push(headers["x-candidate"]);
    return seen.length < 4 ? 503 : 201;
  });
  const requests = [{ method: "GET", path: "/", status: 201 }];
  const { verified } = await run(open(cloud, one, { candidate }), { requests });
  assert.deepEqual(
    verified.map(({ path, got }) => ({ path, got })),
    [{ path: "/", got: 201 }],
  );
  assert.deepEqual(seen, ["yes", "yes", "yes", "yes"]);
});

test("a candidate where no route is found is none, though 404 is under 500", async (t) => {
  const cloud = createCloud();
  const candidate = await serve(t, () => 404);
  const requests = [{ method: "GET", path: "/" }];
  await assert.rejects(run(open(cloud, one, { candidate }), { requests }), { code: "DEPLOY_VERIFY_FAILED" });
  assert.equal(cloud.serves("/"), "nothing");
});

test("beforePromote runs once, after the proof and before the traffic; its failure stops the deploy", async () => {
  const cloud = createCloud();
  await run(open(cloud, one));
  cloud.calls = [];
  const beforePromote = async () => {
    cloud.calls.push("migrate");
    throw new Error("no");
  };
  await assert.rejects(run(open(cloud, two), { beforePromote }), /no/);
  assert.deepEqual(cloud.calls, ["update function/index", "make release", "migrate"]);
  assert.equal(cloud.serves("/"), "1");
});

test("another deploy between the plan and the yes makes the plan stale", async () => {
  const cloud = createCloud();
  await run(open(cloud, one));
  const confirm = async () => {
    await run(open(cloud, { functions: { index: "3", about: "1" } }));
    return { go: true, remove: false };
  };
  await assert.rejects(run(open(cloud, two), { confirm }), { code: "DEPLOY_PLAN_STALE" });
  assert.equal(cloud.serves("/"), "3");
});

test("of two deploys at once, the second is told who has the lock", async () => {
  const cloud = createCloud();
  const clock = createClock();
  cloud.lock = { owner: "anna on laptop", until: clock.now() + 60_000 };
  await assert.rejects(run(open(cloud, one, { clock })), { code: "DEPLOY_LOCKED", message: /anna on laptop/ });
  assert.deepEqual(cloud.calls, []);
});

test("a lock that was lost on the way stops the deploy before the switch", async () => {
  const cloud = createCloud();
  await run(open(cloud, one));
  cloud.fault = (name, when) => {
    if (name === "make release" && when === "after") cloud.lock = { owner: "anna", until: Number.MAX_SAFE_INTEGER };
  };
  await assert.rejects(run(open(cloud, two)), { code: "DEPLOY_LOCK_LOST" });
  assert.equal(cloud.serves("/"), "1");
  assert.equal(cloud.lock?.owner, "anna", "another's lock is not let go of");
});

test("what fails after the switch says that the new release is live", async () => {
  const cloud = createCloud();
  cloud.fault = (name) => {
    if (name.startsWith("create cron")) throw new Error("no such cron");
  };
  const ended = run(open(cloud, { ...one, crons: { nightly: "0 1 * * *" } }));
  await assert.rejects(ended, /no such cron\nThe release r1 is live/);
  assert.equal(cloud.serves("/"), "1");
});

test("a secret that is declared and at hand is set, one that is not is named with the command for it", async () => {
  const cloud = createCloud();
  const app: App = { ...one, secrets: ["API_KEY", "DB_URL"] };
  await assert.rejects(run(open(cloud, app, { values: { API_KEY: "canary-4711" } })), {
    code: "SECRET_MISSING",
    message: /godwit secrets set DB_URL --stage production --target memory/,
  });
  const { plan } = await run(open(cloud, app, { values: { API_KEY: "canary-4711", DB_URL: "canary-4712" } }));
  assert.deepEqual(plan.secrets, [
    { name: "API_KEY", action: "create" },
    { name: "DB_URL", action: "create" },
  ]);
  assert.equal(cloud.secrets.get("API_KEY"), "canary-4711");
  cloud.calls = [];
  await run(open(cloud, app, { values: { API_KEY: "another-one" } }));
  assert.deepEqual(cloud.calls, [], "the stage's own value stays");
});

test("no value of a secret is in the plan, the events or the errors, in any shape", async () => {
  const cloud = createCloud();
  const value = "canary/+ä 4711";
  const shapes = [
    value,
    Buffer.from(value).toString("base64"),
    encodeURIComponent(value),
    Buffer.from(value).toString("hex"),
  ];
  const said: unknown[] = [];
  const more: Partial<DeployOptions> = {
    onEvent: (event: DeployEvent) => void said.push(event),
    beforePromote: async (_release, onLine) => {
      for (const shape of shapes) onLine(`the value is ${shape}`);
      onLine(Buffer.from(`user:${value}!`).toString("base64"));
    },
  };
  said.push(await run(open(cloud, { ...one, secrets: ["KEY"] }, { values: { KEY: value } }), more));
  cloud.fault = (name) => {
    if (name.startsWith("update")) throw new Error(`failed with ${shapes.join(" ")}`, { cause: new Error(value) });
  };
  const failed = run(open(cloud, { ...two, secrets: ["KEY"] }, { values: { KEY: value } }), more);
  await assert.rejects(failed, (error: Error) => {
    said.push({ message: error.message, stack: error.stack, cause: String((error.cause as Error).stack) });
    return true;
  });
  const text = JSON.stringify(said);
  for (const shape of [...shapes, JSON.stringify(value).slice(1, -1), "4711"]) assert.ok(!text.includes(shape), shape);
  assert.match(text, /the value is \[secret\]/);
});

test("aborted or broken before or after any call, the old release serves on and a rerun finishes", async () => {
  const app: App = { functions: { ...two.functions, more: "1" }, crons: { nightly: "0 2 * * *" }, secrets: ["KEY"] };
  const values = { KEY: "canary-4711" };
  for (const how of ["abort", "throw"] as const) {
    for (const when of ["before", "after"] as const) {
      for (let at = 0; ; at++) {
        const cloud = createCloud();
        await run(open(cloud, one));
        const opened = open(cloud, app, { values });
        let reached = false;
        cloud.calls = [];
        cloud.fault = (_name, now, index) => {
          if (now !== when || index !== at) return;
          reached = true;
          if (how === "abort") opened.controller.abort(new Error("stopped"));
          else throw new Error("stopped");
        };
        const ended = run(opened);
        if (!reached) await ended.catch(() => {});
        if (!reached) break;
        await assert.rejects(ended, /stopped/);
        const switched = cloud.calls.some((name) => name.startsWith("switch"));
        assert.equal(cloud.serves("/"), switched ? "2" : "1", `${how} ${when} ${at}: ${cloud.calls}`);
        assert.equal(cloud.lock, undefined);
        delete cloud.fault;
        await run(open(cloud, app, { values }));
        assert.equal(cloud.serves("/more"), "1");
        assert.equal(cloud.crons.get("nightly"), "0 2 * * *");
        assert.equal((await run(open(cloud, app))).outcome, "unchanged");
      }
    }
  }
});
