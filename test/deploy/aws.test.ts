import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CANARY_LIMITS,
  type Clock,
  type ControlPlane,
  type Deployer,
  deploy,
  destroy,
  type Release,
  rollback,
} from "@godwit/deploy";
import { buildApp, createClock } from "./apps.fixture.ts";
import { openStage, sayWord, ship, startPlane, text } from "./aws.fixture.ts";

const appOf = (word: string) => ({
  "env.ts": `import { defineEnv } from "@godwit/core";\nexport default defineEnv({ vars: { WORD: undefined }, secrets: ["KEY"] });`,
  "routes/index.ts": `export const GET = () => new Response(${JSON.stringify(word)});`,
  "routes/users/[id].ts": `export const GET = (_request, { params }) => (console.log("user", params.id), new Response(params.id + " " + process.env.WORD + " " + process.env.KEY));`,
});

const secrets = { KEY: "a-secret-of-nobody" };

test("ships two functions behind an HTTP API, does nothing the second time, and goes back", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock });
  const artefact = await buildApp(t, "lambda", appOf("one"));
  const first = await ship({ plane, clock, artefact, vars: { WORD: "hi" }, secrets });
  assert.equal(first.outcome, "deployed");
  const [url] = first.urls;
  assert.equal(await text(url), "one");
  assert.equal(await text(url, "/users/7"), "7 hi a-secret-of-nobody");

  const before = plane.calls.length;
  const again = await ship({ plane, clock, artefact, vars: { WORD: "hi" }, secrets });
  assert.equal(again.outcome, "unchanged");
  assert.deepEqual(
    plane.calls.slice(before).filter((name) => !/:(Get|List|Describe)/.test(name)),
    [],
  );

  const next = await buildApp(t, "lambda", appOf("two"));
  const second = await ship({ plane, clock, artefact: next, vars: { WORD: "hi" }, secrets });
  assert.equal(second.outcome, "deployed");
  assert.equal(await text(url), "two");

  const { deployer, input } = await openStage({ plane, clock });
  const { from, to } = await rollback({ deployer, input });
  assert.equal(from?.id, second.release?.id);
  assert.equal(to.id, first.release?.id);
  assert.equal(await text(url), "one");
  assert.deepEqual(await linesOf(deployer, "user 7"), ["users-id"]);
});

/** Which functions wrote such a line. */
async function linesOf(deployer: Deployer, wanted: string): Promise<string[]> {
  const found: string[] = [];
  const lines = deployer.logs?.({ follow: false, since: 0, signal: new AbortController().signal });
  for await (const line of lines ?? []) if (line.text.includes(wanted)) found.push(line.function);
  return found;
}

test("a role of one's own, a network and layers are the functions'", async (t) => {
  const clock = createClock();
  const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow" as const, Action: "*", Resource: "*" }] };
  const plane = await startPlane(t, { clock, run: sayWord, policy });
  const artefact = await buildApp(t, "lambda", { "routes/index.ts": `export const GET = () => new Response("one");` });
  const settings = {
    role: "arn:aws:iam::123456789012:role/mine",
    vpc: { subnets: ["subnet-1", "subnet-2"], securityGroups: ["sg-1"] },
    layers: ["arn:aws:lambda:us-east-1:123456789012:layer:tools:3"],
  };
  const { plan } = await ship({ plane, clock, artefact, settings });
  assert.deepEqual(
    plan.items.filter(({ kind }) => kind === "role" || kind === "policy"),
    [],
  );
  assert.ok(!plane.calls.includes("iam:CreateRole"));
  const { deployer } = await openStage({ plane, clock, artefact, settings });
  const live = (await deployer.kinds.find(({ name }) => name === "function")?.list()) ?? new Map();
  const [{ configuration }] = [...live.values()] as [{ configuration: Record<string, unknown> }]; // as the kind lists them
  assert.equal(configuration.Role, settings.role);
  assert.deepEqual((configuration.VpcConfig as { SubnetIds: string[] }).SubnetIds, settings.vpc.subnets); // by the API
  assert.deepEqual(configuration.Layers, [{ Arn: settings.layers[0], CodeSize: 0 }]);
  const { layers: _, ...without } = settings;
  const next = await ship({ plane, clock, artefact, settings: without });
  const changes = next.plan.items.flatMap((item) => item.changes.map(({ path }) => path));
  assert.deepEqual([...new Set(changes)], ["layers"]);
});

test("a canary shares traffic by an alias, and a breach sends all of it back", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock });
  await ship({ plane, clock, artefact: await buildApp(t, "lambda", appOf("one")), vars: { WORD: "a" }, secrets });
  const artefact = await buildApp(t, "lambda", appOf("two"));
  const seen: string[] = [];
  const { deployer, input } = await openStage({ plane, clock, artefact, vars: { WORD: "a" }, secrets });
  const [url] = await deployer.urls();
  const canary = {
    steps: [0.5],
    interval: 1000,
    limits: { ...CANARY_LIMITS, slower: 100 }, // a busy machine is slow now and then
    metrics: async (release: Release, since: number) => {
      for (let count = 0; count < 60; count++) seen.push(await text(url));
      return deployer.metrics?.(release, since);
    },
  };
  const done = await deploy({
    deployer,
    input,
    requests: [],
    canary,
    confirm: async () => ({ go: true, remove: false }),
    onEvent: () => {},
  });
  assert.equal(done.outcome, "deployed");
  assert.deepEqual([...new Set(seen)].sort(), ["one", "two"]);
  assert.equal(await text(url), "two");

  const bad = await buildApp(t, "lambda", {
    ...appOf("three"),
    "routes/index.ts": `export const GET = () => new Response("three", { status: 500 });`,
  });
  const next = await openStage({ plane, clock, artefact: bad, vars: { WORD: "a" }, secrets });
  const broken = deploy({
    deployer: next.deployer,
    input: next.input,
    requests: [],
    canary: {
      ...canary,
      metrics: async (release, since) => {
        for (let count = 0; count < 60; count++) await text(url);
        return next.deployer.metrics?.(release, since);
      },
    },
    confirm: async () => ({ go: true, remove: false }),
    onEvent: () => {},
  });
  await assert.rejects(broken, { code: "DEPLOY_CANARY_BROKE" });
  for (let count = 0; count < 20; count++) assert.equal(await text(url), "two");
  const [, live] = await next.deployer.releases();
  assert.equal(live?.share, 1);
});

for (const front of ["http-api", "function-url"]) {
  test(`behind ${front}, after a rollback a plan compares with what is live, and deploying that changes nothing`, async (t) => {
    const clock = createClock();
    const plane = await startPlane(t, { clock, run: sayWord });
    const build = (word: string) =>
      buildApp(
        t,
        "lambda",
        { "routes/index.ts": `export const GET = () => new Response("release-${word}");` },
        { front },
      );
    const [one, two] = [await build("one"), await build("two")];
    const first = await ship({ plane, clock, artefact: one });
    await clock.sleep(1000);
    const second = await ship({ plane, clock, artefact: two });
    await rollback(await openStage({ plane, clock }));

    const before = plane.calls.length;
    const again = await ship({ plane, clock, artefact: one });
    assert.equal(again.outcome, "unchanged");
    assert.equal(again.release?.id, first.release?.id);
    const changing = plane.calls.slice(before).filter((name) => !/:(?:Get|List|Describe)/.test(name));
    assert.deepEqual(changing, []);

    // What was gone back from: said as a change, and nothing of it is sent or made anew.
    const forward = await ship({ plane, clock, artefact: two });
    const fn = forward.plan.items.find(({ kind }) => kind === "function");
    assert.deepEqual(
      fn?.changes.map(({ path }) => path),
      ["code"],
    );
    assert.equal(forward.release?.id, second.release?.id);
    assert.equal(await text(forward.urls[0]), "release-two");
    assert.equal(plane.calls.filter((name) => name === "lambda:UpdateFunctionCode").length, 1);

    // From the older one on to a third.
    await rollback(await openStage({ plane, clock }));
    const third = await ship({ plane, clock, artefact: await build("three") });
    assert.equal(await text(third.urls[0]), "release-three");
    assert.equal((await ship({ plane, clock, artefact: await build("three") })).outcome, "unchanged");
    await destroyAll(plane, clock);
  });
}

test("one function behind a Function URL, streamed: the alias is the switch", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock });
  const build = (word: string) =>
    buildApp(
      t,
      "lambda",
      { "routes/index.ts": `export const GET = () => new Response(${JSON.stringify(word)});` },
      { front: "function-url-stream" },
    );
  const first = await ship({ plane, clock, artefact: await build("one") });
  const [url] = first.urls;
  assert.equal(await text(url), "one");
  const second = await ship({ plane, clock, artefact: await build("two") });
  assert.equal(await text(url), "two");
  assert.equal((await ship({ plane, clock, artefact: await build("two") })).outcome, "unchanged");

  const { deployer, input } = await openStage({ plane, clock });
  assert.deepEqual(
    (await deployer.releases()).map(({ id, share }) => [id, share]),
    [
      [second.release?.id, 1],
      [first.release?.id, 0],
    ],
  );
  await rollback({ deployer, input });
  assert.equal(await text(url), "one");
  await destroyAll(plane, clock);
});

test("keeps so many releases, and removes the versions of older ones", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock });
  const settings = { keep: 2 };
  for (const word of ["one", "two", "three"]) {
    const artefact = await buildApp(t, "lambda", appOf(word));
    await ship({ plane, clock, artefact, vars: { WORD: "a" }, secrets, settings, verify: false });
    await clock.sleep(1000);
  }
  const { deployer } = await openStage({ plane, clock, settings });
  assert.equal((await deployer.releases()).length, 2);
  const deleted = plane.calls.filter((name) => name === "lambda:DeleteFunction");
  assert.equal(deleted.length, 1); // of the one function that changed
  await destroyAll(plane, clock);
});

test("schedules call the live release through an alias, and go with the code", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock });
  const files = {
    "routes/index.ts": `export const GET = () => new Response("one");`,
    "routes/tidy.ts": `export const config = { schedule: "*/15 3 * * 1-5", split: true };\nexport const GET = () => new Response("tidied");`,
  };
  const artefact = await buildApp(t, "lambda", files);
  const { plan } = await ship({ plane, clock, artefact });
  const schedules = plan.items.filter(({ kind }) => kind === "schedule");
  assert.equal(schedules.length, 1);
  assert.equal(schedules[0]?.phase, "settle");
  assert.equal((await ship({ plane, clock, artefact })).outcome, "unchanged");
  const without = await buildApp(t, "lambda", { "routes/index.ts": files["routes/index.ts"] });
  const done = await ship({ plane, clock, artefact: without, prune: true });
  assert.ok(done.removed.some((id) => id.startsWith("schedule/")));
  const tidy = done.plan.items.find(({ kind, action }) => kind === "function" && action === "delete");
  assert.match(tidy?.irreversible ?? "", /older releases/);
  // The release before it needs a function that is gone.
  const { deployer } = await openStage({ plane, clock });
  assert.deepEqual(
    (await deployer.releases()).map(({ id, kept }) => [id, kept]),
    [[done.release?.id, true]],
  );
  await destroyAll(plane, clock);
});

/** Nothing of the stage is left, and nothing else is touched. */
async function destroyAll(plane: ControlPlane, clock: Clock): Promise<void> {
  const { deployer, input } = await openStage({ plane, clock });
  const done = await destroy({ deployer, input, confirm: async () => true, onDone: () => {} });
  assert.equal(done.outcome, "destroyed");
  const left = await openStage({ plane, clock });
  const nothing = await destroy({ ...left, confirm: async () => true, onDone: () => {} });
  assert.equal(nothing.outcome, "nothing");
}
