import assert from "node:assert/strict";
import { test } from "node:test";
import { toCron } from "./cron.ts";

test("days of the week are named, since Cloudflare counts them from one", () => {
  assert.equal(toCron("0 9 * * 1-5"), "0 9 * * MON,TUE,WED,THU,FRI");
  assert.equal(toCron("0 9 * * 0"), "0 9 * * SUN");
  assert.equal(toCron("0 9 * * 7"), "0 9 * * SUN");
  assert.equal(toCron("0 9 * * 5-7"), "0 9 * * SUN,FRI,SAT");
  assert.equal(toCron("0 9 * * */2"), "0 9 * * SUN,TUE,THU,SAT");
  assert.equal(toCron("0 9 * * 3/2"), "0 9 * * WED,FRI");
});

test("everything else stays, with single spaces", () => {
  assert.equal(toCron("*/5  0-6 1,15 * *"), "*/5 0-6 1,15 * *");
  assert.equal(toCron("0 0 * * MON-FRI"), "0 0 * * MON-FRI");
});
