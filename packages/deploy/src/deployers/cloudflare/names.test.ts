import assert from "node:assert/strict";
import { test } from "node:test";
import { fingerprintOf, ownedBy, toPartScript, toScript, toStageName, toTags, toVersionTag } from "./names.ts";

test("production has the plain name, and every other stage its own behind it", () => {
  assert.equal(toScript("links", "production"), "links");
  assert.equal(toScript("links", "pr-12"), "links-pr-12");
  assert.equal(toStageName("files", "production"), "files");
  assert.equal(toStageName("files", "pr-12"), "files-pr-12");
});

test("names fit a label of workers.dev, and long ones stay apart", () => {
  const names = ["a", "b"].map((end) => toPartScript("x".repeat(63), `users-${end}`, "0123456789abcdef"));
  assert.ok(names.every((name) => name.length <= 63));
  assert.equal(new Set(names).size, 2);
});

test("a Worker is this stage's by its tags alone", () => {
  const owner = { app: "@acme/Links", stage: "pr-12" };
  const tags = ["mine", ...toTags(owner, "front")];
  assert.ok(ownedBy(tags, owner, "front"));
  assert.ok(!ownedBy(tags, owner, "part"));
  assert.ok(!ownedBy(tags, { ...owner, stage: "pr-1" }, "front"));
  assert.ok(!ownedBy(null, owner, "front"));
  for (const [app, stage] of [
    ["acme-links", "pr-12"],
    ["@acme/links", "pr-12"],
    ["@acme/Links", "pr-12-"],
  ] as const)
    assert.ok(!ownedBy(tags, { app, stage }, "front"), app + stage);
  assert.ok(tags.every((tag) => !tag.includes(",")));
});

test("a version's tag is at most 25 characters and gives its fingerprint back", () => {
  const fingerprint = "0123456789abcdef012345";
  assert.equal(toVersionTag(fingerprint).length, 25);
  assert.equal(fingerprintOf(toVersionTag(fingerprint)), fingerprint);
  assert.equal(fingerprintOf("gw-empty"), "");
  assert.equal(fingerprintOf("v1"), "");
  assert.equal(fingerprintOf(undefined), "");
});
