import assert from "node:assert/strict";
import { test } from "node:test";
import { CANARY_LIMITS } from "./canary.ts";
import { deploy } from "./deploy.ts";
import { type Cloud, createCloud, open, serve } from "./memory.fixture.ts";

const go = async () => ({ go: true, remove: false });

async function first(): Promise<Cloud> {
  const cloud = createCloud();
  const { deployer, input } = open(cloud, { functions: { index: "1" } });
  await deploy({ deployer, input, requests: [], confirm: go, onEvent() {} });
  cloud.calls = [];
  return cloud;
}

test("a deploy whose lock somebody else has takes nothing back: what is on its way is the other's", async () => {
  const cloud = await first();
  const { deployer, input, clock } = open(cloud, { functions: { index: "2" } });
  const lose = () => {
    cloud.lock = { owner: "another", until: clock.now() + 60_000 };
    return { requests: 100, errors: 90 };
  };
  const canary = { steps: [0.5], interval: 1000, limits: CANARY_LIMITS, metrics: async () => lose() };
  await assert.rejects(deploy({ deployer, input, requests: [], canary, confirm: go, onEvent() {} }), {
    code: "DEPLOY_LOCK_LOST",
  });
  assert.deepEqual(
    cloud.calls.filter((name) => /^(?:switch|end)/.test(name)),
    ["switch r2 0.5"],
  );
});

test("nor does one that was not proven", async (t) => {
  const cloud = await first();
  const url = await serve(t, () => {
    cloud.lock = { owner: "another", until: Number.POSITIVE_INFINITY };
    return 500;
  });
  const { deployer, input } = open(cloud, { functions: { index: "2" } }, { candidate: url });
  const resets: string[] = [];
  const watched = {
    ...deployer,
    async reset() {
      resets.push(cloud.lock?.owner ?? "");
      await deployer.reset();
    },
  };
  const requests = [{ method: "GET", path: "/" }];
  await assert.rejects(deploy({ deployer: watched, input, requests, confirm: go, onEvent() {} }), {
    code: "DEPLOY_VERIFY_FAILED",
  });
  assert.deepEqual(resets, ["me"]);
});
