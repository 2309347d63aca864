import assert from "node:assert/strict";
import { test } from "node:test";
import { checkNode } from "./node-version.ts";

test("a Node before 22.13 is refused with the way out, later ones are taken", () => {
  for (const version of ["20.20.2", "22.12.9", "18.0.0"]) {
    assert.throws(() => checkNode(version), { code: "NODE_TOO_OLD", message: /needs 22\.13 or later/ });
  }
  for (const version of ["22.13.0", "23.0.0", "24.21.0"]) assert.equal(checkNode(version), version);
});
