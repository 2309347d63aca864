import assert from "node:assert/strict";
import { hostname } from "node:os";
import { test } from "node:test";
import { whoAmI } from "./who.ts";

test("a lock's holder is who runs the workflow, else the user of the machine", () => {
  assert.equal(whoAmI({ GITHUB_ACTOR: "ada", GITHUB_RUN_ID: "42" }), "ada (run 42)");
  assert.ok(whoAmI({}).endsWith(` on ${hostname()}`));
});
