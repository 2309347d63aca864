/**
 * What goes wrong is said in words that say the way out; and a hundred functions are few calls.
 */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type BuiltArtefact, deployers, destroy, plan } from "@godwit/deploy";
import { createNames } from "../../packages/deploy/src/deployers/aws/names.ts";
import { buildApp, createClock, temporary } from "./apps.fixture.ts";
import { openStage, sayWord, ship, startPlane, toInput } from "./aws.fixture.ts";

const app = { "routes/index.ts": `export const GET = () => new Response("release-one");` };

test("credentials that are missing, expired, unknown or of another account", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock, run: sayWord });
  const open = (env: Record<string, string | undefined>, settings = {}) => openStage({ plane, clock, env, settings });
  const none = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_PROFILE: "nobody-has-this" };
  await assert.rejects(open(none), { code: "DEPLOY_CREDENTIALS_MISSING", message: /AWS_ACCESS_KEY_ID/ });
  await assert.rejects(open({ AWS_ACCESS_KEY_ID: "ASIAEXPIRED000000000" }), {
    code: "DEPLOY_CREDENTIALS_INVALID",
    message: /expired.*aws sso login/s,
  });
  await assert.rejects(open({ AWS_ACCESS_KEY_ID: "AKIAUNKNOWN000000000" }), { code: "DEPLOY_CREDENTIALS_INVALID" });
  await assert.rejects(open({ GODWIT_REHEARSAL: undefined }, { account: "999999999999" }), {
    code: "DEPLOY_CREDENTIALS_INVALID",
    message: /123456789012.*999999999999/,
  });
});

test("a region that is missing, or that does not exist", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock, run: sayWord });
  const nowhere = { AWS_ENDPOINT_URL: undefined, AWS_REGION: "us-nowhere-9", AWS_DEFAULT_REGION: undefined };
  await assert.rejects(openStage({ plane, clock, env: nowhere }), {
    code: "DEPLOY_PLACE_UNKNOWN",
    message: /AWS_REGION/,
  });
  const without = { AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined, AWS_CONFIG_FILE: "/nonexistent" };
  await assert.rejects(openStage({ plane, clock, env: without }), {
    code: "DEPLOY_PLACE_UNKNOWN",
    message: /AWS_REGION/,
  });
});

test("settings that are wrong are named by their path", async () => {
  const vendor = await deployers.aws?.();
  assert.throws(() => vendor?.parseSettings({ keep: 0, regoin: "x" }), {
    code: "DEPLOY_CONFIG_INVALID",
    message: /deploy\.aws.*regoin/s,
  });
  const role = "arn:aws:iam::123456789012:role/mine";
  const statements = [{ Effect: "Allow", Action: "s3:*", Resource: "*" }];
  assert.throws(() => vendor?.parseSettings({ role, statements }), { message: /deploy\.aws\.statements/ });
});

test("what has the stage's names and is somebody else's is not touched", async (t) => {
  const artefact = await buildApp(t, "lambda", app);
  const clock = createClock();
  const folder = await temporary(t, "plane-");
  const plane = await startPlane(t, { clock, folder, run: sayWord });
  await ship({ plane, clock, artefact });
  await plane.close();
  // Two apps of one name: `links-production` of `links`, and the stage `production` of ... `links`.
  const file = join(folder, "state.json");
  const mine = await readFile(file, "utf8");
  const cases: [string, string, RegExp][] = [
    ['"Description": "godwit links/production/', '"Description": "mine ', /The function links-production-\w+/],
    ['"godwit:app": "links"', '"godwit:app": "other"', /The role links-production-role/],
  ];
  for (const [from, to, words] of cases) {
    await writeFile(file, mine.replaceAll(from, to));
    const again = await startPlane(t, { clock: createClock(), folder, run: sayWord });
    await assert.rejects(ship({ plane: again, clock, artefact }), { code: "DEPLOY_NAME_TAKEN", message: words });
    const changed = again.calls.filter((name) => /:(Update|Delete)(Function|Role)/.test(name));
    assert.deepEqual(changed, []);
    await again.close();
  }
});

test("an app and a stage whose names run together have another app's names, and its things stay", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock, run: sayWord });
  const artefact = await buildApp(t, "lambda", app);
  await ship({ plane, clock, artefact, app: "links-eu", stage: "pr" });
  const before = plane.calls.length;
  const mine = { plane, clock, app: "links", stage: "eu-pr" };
  const { deployer, input } = await openStage(mine);
  const gone = await destroy({ deployer, input, confirm: async () => true, onDone() {} });
  assert.deepEqual(gone, { outcome: "nothing", things: [], lost: {}, releases: [], secrets: [] });
  await assert.rejects(ship({ ...mine, artefact }), { code: "DEPLOY_NAME_TAKEN" });
  const changed = plane.calls.slice(before).filter((name) => /:(?:Update|Delete)(?!Parameters)/.test(name));
  assert.deepEqual(changed, []);
  const [one, two] = [createNames("links-eu", "pr"), createNames("links", "eu-pr")];
  assert.notEqual(one.bucket("123456789012", "eu-west-1"), two.bucket("123456789012", "eu-west-1"));
});

test("a lock is let go of after an interrupt too", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock, run: sayWord });
  const controller = new AbortController();
  const interrupted = await openStage({ plane, clock, signal: controller.signal });
  const lease = await interrupted.deployer.lock(60_000);
  controller.abort(new Error("interrupted"));
  await lease.release();
  const next = await openStage({ plane, clock });
  await (await next.deployer.lock(60_000)).release();
  assert.ok(plane.calls.includes("ssm:PutParameter"));
});

test("what somebody changed by hand is shown as that, and mended", async (t) => {
  const artefact = await buildApp(t, "lambda", app);
  const clock = createClock();
  const folder = await temporary(t, "plane-");
  const plane = await startPlane(t, { clock, folder, run: sayWord });
  await ship({ plane, clock, artefact });
  await plane.close();
  const file = join(folder, "state.json");
  await writeFile(file, (await readFile(file, "utf8")).replace('"MemorySize": 512', '"MemorySize": 128'));
  const again = await startPlane(t, { clock, folder, run: sayWord });
  const { deployer, input } = await openStage({ plane: again, clock, artefact });
  const { items } = await plan(deployer, input);
  const changes = items.filter(({ action }) => action === "update").map(({ changes }) => changes);
  assert.deepEqual(changes, [[{ path: "memory", from: "128 MB", to: "512 MB", drift: true }]]);
  await ship({ plane: again, clock, artefact });
  assert.equal((await ship({ plane: again, clock, artefact })).outcome, "unchanged");
});

test("a secret that becomes a variable is not shown by the plan, nor is one that is declared no more", async (t) => {
  const built = await buildApp(t, "lambda", app);
  const clock = createClock();
  const plane = await startPlane(t, { clock, run: sayWord });
  const declare = (vars: string[], secrets: string[]): BuiltArtefact => {
    return { ...built, manifest: { ...built.manifest, env: { vars, secrets } } };
  };
  await ship({ plane, clock, artefact: declare([], ["KEY"]), secrets: { KEY: "canary-4711" } });
  for (const [artefact, vars, shown] of [
    [declare(["KEY"], []), { KEY: "plain" }, { from: "another value", to: "plain" }],
    [declare([], []), {}, { from: "set" }],
  ] as const) {
    const { deployer, input } = await openStage({ plane, clock, artefact, vars });
    const made = await plan(deployer, input);
    assert.doesNotMatch(JSON.stringify(made), /4711/);
    assert.deepEqual(made.items.find(({ kind }) => kind === "function")?.changes, [{ path: "env.KEY", ...shown }]);
  }
});

test("a quota is named", async (t) => {
  const clock = createClock();
  const body = JSON.stringify({ message: "The quota is reached.", limitType: "routes per API" });
  const headers = { "x-amzn-errortype": "TooManyRequestsException", "content-type": "application/json" };
  const fault = (name: string) =>
    name === "apigateway:CreateRoute" ? ({ kind: "answer", status: 429, headers, body } as const) : undefined;
  const plane = await startPlane(t, { clock, run: sayWord, fault });
  const artefact = await buildApp(t, "lambda", app);
  await assert.rejects(ship({ plane, clock, artefact }), { code: "DEPLOY_QUOTA", message: /quota.*Service Quotas/s });
});

test("too many calls: what AWS says about waiting is obeyed", async (t) => {
  const clock = createClock();
  const headers = { "x-amzn-errortype": "TooManyRequestsException", "content-type": "application/json" };
  let times = 0;
  const plane = await startPlane(t, {
    clock,
    run: sayWord,
    fault: (name) =>
      name === "lambda:ListFunctions" && times++ < 3
        ? { kind: "answer", status: 429, headers: { ...headers, "retry-after": "7" }, body: "{}" }
        : undefined,
  });
  const { deployer } = await openStage({ plane, clock });
  const began = clock.now();
  await deployer.kinds.find(({ name }) => name === "function")?.list();
  assert.equal(times, 4);
  assert.ok(clock.now() - began >= 21_000, `${clock.now() - began}`);
});

test("a stage of one's own in the path is said not to be applied", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock, run: sayWord });
  const artefact = await buildApp(t, "lambda", app, { stage: "v1" });
  const lines: string[] = [];
  await ship({ plane, clock, artefact, warn: (line) => void lines.push(line) });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /lambda\.stage \(v1\) is not applied/);
});

test("no secret is in the plan, in what is kept open, or in an error", async (t) => {
  const clock = createClock();
  const folder = await temporary(t, "plane-");
  const plane = await startPlane(t, { clock, folder, run: sayWord });
  const KEY = "canary-5d1f0c77aa";
  const files = {
    ...app,
    "env.ts": `import { defineEnv } from "@godwit/core";\nexport default defineEnv({ secrets: ["KEY"] });`,
  };
  const artefact = await buildApp(t, "lambda", files);
  const { deployer, input } = await openStage({ plane, clock, artefact, secrets: { KEY } });
  assert.ok(!JSON.stringify(await plan(deployer, input)).includes(KEY));
  const done = await ship({ plane, clock, artefact, secrets: { KEY } });
  assert.ok(!JSON.stringify(done).includes(KEY));
  const changed = await openStage({ plane, clock, artefact });
  await changed.deployer.secrets.set("KEY", `${KEY}-new`);
  const next = await plan(changed.deployer, changed.input);
  assert.ok(next.changed);
  assert.ok(!JSON.stringify(next).includes(KEY));
  assert.ok(next.items.some(({ changes }) => changes.some(({ path, from, to }) => path === "env.KEY" && !from && !to)));
  // Functions have it, and the parameter that is a secret; names, descriptions, tags, records have not.
  const state = JSON.parse(await readFile(join(folder, "state.json"), "utf8"));
  for (const fn of Object.values<{ latest: object; versions: Record<string, object> }>(state.functions)) {
    for (const one of [fn.latest, ...Object.values(fn.versions)]) Object.assign(one, { Environment: null });
  }
  delete state.parameters["/godwit/links/production/secrets/KEY"];
  assert.ok(!JSON.stringify(state).includes("canary-"));
});

test("a hundred functions: a plan and a deploy of nothing new are under a hundred calls together", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock, run: sayWord });
  const files = Object.fromEntries(
    Array.from({ length: 100 }, (_, n) => [
      `routes/r${n}.ts`,
      `export const GET = () => new Response("release-one ${n}");`,
    ]),
  );
  const artefact = await buildApp(t, "lambda", files);
  assert.ok(artefact.manifest.functions.length > 99);
  const first = await ship({ plane, clock, artefact, verify: false });
  assert.equal(first.outcome, "deployed");
  const before = plane.calls.length;
  const { deployer, input } = await openStage({ plane, clock, artefact });
  assert.equal((await plan(deployer, input)).changed, false);
  assert.equal((await ship({ plane, clock, artefact })).outcome, "unchanged");
  const calls = plane.calls.slice(before);
  t.diagnostic(`${calls.length} calls; the first deploy made ${before}`);
  assert.ok(calls.length < 100, `${calls.length}: ${calls.join(" ")}`);
  await toInput({ plane, clock });
});
