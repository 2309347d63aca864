import assert from "node:assert/strict";
import { test } from "node:test";
import { calm } from "./speak.ts";

test("colours, tabs and new lines pass; what else would steer a terminal does not", () => {
  const red = "\u001b[31mred\u001b[0m\tand\nplain ü";
  assert.equal(calm(red), red);
  assert.equal(calm("a\u001b]52;c;ZXZpbA==\u0007b\u001b[2Jc\rd\u009b2Je"), "a]52;c;ZXZpbA==b[2Jcd2Je");
});
