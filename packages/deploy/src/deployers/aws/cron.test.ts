import assert from "node:assert/strict";
import { test } from "node:test";
import { toExpressions } from "./cron.ts";

const cases: [string, string[]][] = [
  ["0 3 * * *", ["cron(0 3 * * ? *)"]],
  ["*/15 * * * *", ["cron(0,15,30,45 * * * ? *)"]],
  ["5/20 1-3 * * *", ["cron(5,25,45 1,2,3 * * ? *)"]],
  ["0 0 1 1,7 *", ["cron(0 0 1 1,7 ? *)"]],
  // Sunday is 0 and 7 in cron, and 1 in EventBridge.
  ["0 9 * * 1-5", ["cron(0 9 ? * 2,3,4,5,6 *)"]],
  ["0 9 * * 0", ["cron(0 9 ? * 1 *)"]],
  ["0 9 * * 5-7", ["cron(0 9 ? * 1,6,7 *)"]],
  ["0 9 * * */2", ["cron(0 9 ? * 1,3,5,7 *)"]],
  // Either of the two: EventBridge takes one, so that there are two rules.
  ["0 9 13 * 5", ["cron(0 9 13 * ? *)", "cron(0 9 ? * 6 *)"]],
];

for (const [cron, wanted] of cases) {
  test(`${cron} is ${wanted.join(" and ")}`, () => {
    assert.deepEqual(toExpressions(cron), wanted);
  });
}
