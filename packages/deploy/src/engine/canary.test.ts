import assert from "node:assert/strict";
import { test } from "node:test";
import type { Metrics } from "../contracts.ts";
import { CANARY_LIMITS, type CanaryEvent, type CanaryLimits } from "./canary.ts";
import { deploy } from "./deploy.ts";
import { type App, type Cloud, createCloud, open } from "./memory.fixture.ts";
import { CallError } from "./retry.ts";
import { rollback } from "./rollback.ts";

const one: App = { functions: { index: "1" } };
const two: App = { functions: { index: "2" } };

function run(cloud: Cloud, app: App, events: CanaryEvent[] = [], limits: Partial<CanaryLimits> = {}) {
  const opened = open(cloud, app);
  const { deployer, input } = opened;
  const done = deploy({
    deployer,
    input,
    requests: [],
    canary: {
      steps: [0.05, 0.25, 1],
      interval: 60_000,
      limits: { ...CANARY_LIMITS, ...limits },
      metrics: async (release) => cloud.metrics?.(release),
    },
    confirm: async () => ({ go: true, remove: false }),
    onEvent: (event) => void (event.type === "canary" && events.push(event.event)),
  });
  return { done, ...opened };
}

async function start(metrics: (id: string) => Metrics | undefined) {
  const cloud = createCloud();
  await run(cloud, one).done;
  cloud.calls = [];
  cloud.metrics = ({ id }) => metrics(id);
  return cloud;
}

const switches = (cloud: Cloud) => cloud.calls.filter((name) => /^(?:switch|end)/.test(name));

test("the first release has nothing to be compared with and gets all traffic at once", async () => {
  const cloud = createCloud();
  await run(cloud, one).done;
  assert.deepEqual(switches(cloud), ["switch r1 1"]);
});

test("a good release gets its steps, an interval each, and then everything", async () => {
  const cloud = await start(() => ({ requests: 100, errors: 0, p95: 20 }));
  const events: CanaryEvent[] = [];
  const { done, clock } = run(cloud, two, events);
  await done;
  assert.deepEqual(switches(cloud), ["switch r2 0.05", "switch r2 0.25", "switch r2 1"]);
  assert.equal(
    clock.slept.reduce((a, b) => a + b),
    120_000,
  );
  assert.deepEqual(
    events.filter(({ state }) => state === "pass").map(({ share }) => share),
    [0.05, 0.25],
  );
});

test("an error rate over the limit moves all traffic back within the interval, and says which figure broke", async () => {
  const cloud = await start((id) => (id === "r2" ? { requests: 50, errors: 5 } : { requests: 900, errors: 9 }));
  const { done, clock } = run(cloud, two);
  await assert.rejects(done, {
    code: "DEPLOY_CANARY_BROKE",
    message: /At 5 % .* error rate was 10 % \(5 errors\), the limit is 1 %/,
  });
  assert.deepEqual(switches(cloud), ["switch r2 0.05", "end canary"]);
  assert.equal(cloud.serves("/"), "1");
  assert.deepEqual(clock.slept, [15_000]);
});

test("errors that the live release has too are no reason to go back", async () => {
  const cloud = await start(() => ({ requests: 100, errors: 5 }));
  await run(cloud, two).done;
  assert.equal(cloud.serves("/"), "2");
});

test("latency breaks by a limit of its own and by what the live release takes", async () => {
  const slow = (id: string) => ({ requests: 100, errors: 0, p95: id === "r2" ? 310 : 100 });
  await assert.rejects(run(await start(slow), two).done, { message: /310 ms, more than 3 times .* 100 ms/ });
  await assert.rejects(run(await start(slow), two, [], { slower: 4, p95: 200 }).done, {
    message: /the limit is 200 ms/,
  });
  const quick = (id: string) => ({ requests: 100, errors: 0, p95: id === "r2" ? 40 : 10 });
  await run(await start(quick), two).done;
});

test("without data a canary holds, and then goes back", async () => {
  for (const metrics of [() => undefined, () => ({ requests: 3, errors: 3 })]) {
    const cloud = await start(metrics);
    const events: CanaryEvent[] = [];
    const { done, clock } = run(cloud, two, events);
    await assert.rejects(done, { code: "DEPLOY_CANARY_NO_DATA" });
    assert.equal(cloud.serves("/"), "1");
    assert.equal(
      clock.slept.reduce((a, b) => a + b),
      360_000,
    );
    assert.equal(events.filter(({ state }) => state === "hold").length, 5);
  }
});

test("data that comes late is waited for", async () => {
  let asked = 0;
  const cloud = await start(() => (++asked > 12 ? { requests: 30, errors: 0 } : undefined));
  await run(cloud, two).done;
  assert.equal(cloud.serves("/"), "2");
});

test("a source of figures that is away holds; one that refuses us ends the canary", async () => {
  let asked = 0;
  const away = await start(() => {
    if (++asked < 5) throw new CallError("metrics", "away");
    return { requests: 100, errors: 0 };
  });
  await run(away, two).done;
  assert.equal(away.serves("/"), "2");
  const refused = await start(() => {
    throw new Error("not allowed");
  });
  await assert.rejects(run(refused, two).done, /not allowed/);
  assert.deepEqual(switches(refused), ["switch r2 0.05", "end canary"]);
});

test("a canary that was left is ended by the next run, which starts anew", async () => {
  const cloud = await start(() => ({ requests: 100, errors: 0 }));
  const first = run(cloud, two);
  cloud.fault = (name, when) => {
    if (name === "switch r2 0.25" && when === "after") first.controller.abort(new Error("stopped"));
  };
  await assert.rejects(first.done, /stopped/);
  assert.deepEqual(
    cloud.releases.map(({ share }) => share),
    [0.25, 0.75],
  );
  delete cloud.fault;
  cloud.calls = [];
  await run(cloud, two).done;
  assert.deepEqual(cloud.calls, ["end canary", "make release", "switch r2 0.05", "switch r2 0.25", "switch r2 1"]);
});

test("a rollback without a name passes over what only a canary saw", async () => {
  const cloud = await start((id) => ({ requests: 100, errors: id === "r2" ? 50 : 0 }));
  await assert.rejects(run(cloud, two).done, { code: "DEPLOY_CANARY_BROKE" });
  await run(cloud, { functions: { index: "3" } }).done;
  const { deployer, input } = open(cloud, undefined);
  assert.equal((await rollback({ deployer, input })).to.id, "r1");
  await assert.rejects(rollback({ deployer, input, to: "r2" }), {
    code: "DEPLOY_RELEASE_UNKNOWN",
    message: /There are: r3\. /,
  });
});

test("a rollback ends a canary, then goes to the release before the live one, and back by name", async () => {
  const cloud = await start(() => undefined);
  const { deployer, input } = open(cloud, undefined);
  cloud.metrics = () => ({ requests: 100, errors: 0 });
  await run(cloud, two).done;
  const [second = assert.fail(), first = assert.fail()] = await deployer.releases();
  await deployer.switch(first);
  await deployer.switch(second, 0.1);
  const ended = await rollback({ deployer, input });
  assert.equal(ended.to.id, "r1");
  assert.equal(cloud.serves("/"), "1");
  await assert.rejects(rollback({ deployer, input }), { code: "DEPLOY_RELEASE_UNKNOWN" });
  assert.equal((await rollback({ deployer, input, to: "r2" })).changed, true);
  assert.equal(cloud.serves("/"), "2");
  assert.equal((await rollback({ deployer, input, to: "r2" })).changed, false);
  assert.equal((await rollback({ deployer, input })).to.id, "r1");
  assert.equal(cloud.serves("/"), "1");
  await assert.rejects(rollback({ deployer, input, to: "r9" }), {
    code: "DEPLOY_RELEASE_UNKNOWN",
    message: /There are: r2\. /,
  });
});
