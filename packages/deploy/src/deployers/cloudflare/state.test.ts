import assert from "node:assert/strict";
import { test } from "node:test";
import { type Deployment, historyOf, liveOf } from "./state.ts";

const id = (digit: string): string => `${digit.repeat(8)}-0000-4000-8000-000000000000`;

function deployment(versions: Record<string, number>, message?: string): Deployment {
  return {
    id: message ?? "",
    created_on: "",
    versions: Object.entries(versions).map(([digit, percentage]) => ({ version_id: id(digit), percentage })),
    ...(message && { annotations: { "workers/message": message } }),
  };
}

test("the live version is the one that a canary's deployment names, whatever its share", () => {
  assert.equal(liveOf([deployment({ a: 10, b: 90 }, "godwit: aaaaaaaa stays, before: aaaaaaaa")]), id("a"));
});

test("in a deployment of somebody else's the version with most of the traffic is the live one", () => {
  assert.equal(liveOf([deployment({ a: 10, b: 90 })]), id("b"));
  assert.equal(liveOf([deployment({ a: 100, b: 0 }, "aaaaaaaa stays")]), id("a"));
});

test("nothing is live without a deployment", () => {
  assert.equal(liveOf([]), undefined);
  assert.deepEqual(historyOf([]), []);
});

test("what was wholly live is known beyond the deployments that the API tells of", () => {
  const history = historyOf([
    deployment({ c: 100 }, "godwit: cccccccc is live, before: bbbbbbbb 99999999"),
    deployment({ b: 75, c: 25 }, "godwit: bbbbbbbb stays, before: bbbbbbbb 99999999"),
    deployment({ b: 100, d: 0 }, "godwit: bbbbbbbb stays, before: bbbbbbbb 99999999"),
  ]);
  assert.deepEqual(history, ["cccccccc", "bbbbbbbb", "99999999"]);
});

test("a version that was verified and never had all traffic is no release", () => {
  assert.ok(!historyOf([deployment({ b: 100 }), deployment({ b: 100, d: 0 })]).includes("dddddddd"));
});
