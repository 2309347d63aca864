import assert from "node:assert/strict";
import { test } from "node:test";
import { createCloud, open } from "./memory.fixture.ts";
import { CallError } from "./retry.ts";
import { removeSecret, setSecret } from "./secrets.ts";

test("a secret is set and removed under the stage's lock", async () => {
  const cloud = createCloud();
  const { deployer, input } = open(cloud, undefined);
  await setSecret({ deployer, input, name: "KEY", value: "canary-4711" });
  assert.equal(cloud.secrets.get("KEY"), "canary-4711");
  assert.equal(await removeSecret({ deployer, input, name: "KEY" }), true);
  assert.equal(await removeSecret({ deployer, input, name: "KEY" }), false);
  cloud.lock = { owner: "anna", until: Date.parse("2030-01-01") };
  await assert.rejects(setSecret({ deployer, input, name: "KEY", value: "canary-4711" }), { code: "DEPLOY_LOCKED" });
});

test("a call that its vendor's words name is named once", async () => {
  const cloud = createCloud();
  cloud.fault = () => {
    throw new CallError("put a secret", "The vendor did not answer (put a secret): reset.");
  };
  const { deployer, input } = open(cloud, undefined);
  await assert.rejects(setSecret({ deployer, input, name: "KEY", value: "v" }), {
    code: "DEPLOY_CALL_FAILED",
    message: /^The vendor did not answer \(put a secret\): reset\.\nIt was tried/,
  });
});

test("a call that fails has a code, the vendor's words, and not the value", async () => {
  const cloud = createCloud();
  cloud.fault = () => {
    throw new CallError("PutParameter", "cannot take canary-4711", { code: "Odd", status: 400 });
  };
  const { deployer, input } = open(cloud, undefined);
  await assert.rejects(setSecret({ deployer, input, name: "KEY", value: "canary-4711" }), (error: Error) => {
    assert.match(error.message, /PutParameter failed \(Odd, HTTP 400\): cannot take \[secret\]/);
    assert.doesNotMatch(`${error.stack}${(error.cause as Error).stack}`, /4711/);
    return "code" in error && error.code === "DEPLOY_CALL_FAILED";
  });
});
