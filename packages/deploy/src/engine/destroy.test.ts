import assert from "node:assert/strict";
import { test } from "node:test";
import { deploy } from "./deploy.ts";
import { destroy } from "./destroy.ts";
import { type Cloud, createCloud, open } from "./memory.fixture.ts";

async function start(): Promise<Cloud> {
  const cloud = createCloud();
  const app = { functions: { index: "1", about: "1" }, crons: { nightly: "0 1 * * *" }, secrets: ["KEY"] };
  const { deployer, input } = open(cloud, app, { values: { KEY: "canary-4711" } });
  await deploy({ deployer, input, requests: [], confirm: async () => ({ go: true, remove: false }), onEvent() {} });
  cloud.calls = [];
  return cloud;
}

function run(cloud: Cloud, yes = true) {
  const { deployer, input } = open(cloud, undefined);
  return destroy({ deployer, input, confirm: async () => yes, onDone() {} });
}

test("a stage goes as a whole, what others need last", async () => {
  const cloud = await start();
  const { outcome, things, secrets, releases } = await run(cloud);
  assert.equal(outcome, "destroyed");
  assert.deepEqual(things, ["function/index", "function/about", "cron/nightly"]);
  assert.deepEqual([secrets, releases], [["KEY"], ["r1"]]);
  assert.deepEqual(cloud.calls, [
    "remove cron/nightly",
    "remove function/index",
    "remove function/about",
    "remove secret KEY",
    "destroy",
  ]);
  assert.equal((await run(cloud)).outcome, "nothing");
});

test("a no leaves everything", async () => {
  const cloud = await start();
  assert.equal((await run(cloud, false)).outcome, "declined");
  assert.deepEqual(cloud.calls, []);
});

test("broken at any call, running it again takes away the rest", async () => {
  for (let at = 0; ; at++) {
    const cloud = await start();
    let reached = false;
    cloud.fault = (_name, when, index) => {
      if (when !== "after" || index !== at) return;
      reached = true;
      throw new Error("stopped");
    };
    const ended = run(cloud);
    if (!reached) await ended.catch(() => {});
    if (!reached) break;
    await assert.rejects(ended, /stopped/);
    delete cloud.fault;
    await run(cloud);
    assert.deepEqual([...cloud.functions, ...cloud.crons, ...cloud.secrets, ...cloud.releases], []);
  }
});
