import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCron, startSchedules } from "./schedule.ts";

const at = (text: string) => new Date(`${text}Z`);

test("each field is a star, a list, a range or a step, in UTC", () => {
  assert.equal(parseCron("* * * * *")(at("2026-11-21T03:04:05")), true);
  assert.equal(parseCron("*/15 3-5 * * *")(at("2026-11-21T03:45:00")), true);
  assert.equal(parseCron("*/15 3-5 * * *")(at("2026-11-21T03:46:00")), false);
  assert.equal(parseCron("0,30 9-17/4 * 11 *")(at("2026-11-21T13:30:00")), true);
  assert.equal(parseCron("0 0 * 12 *")(at("2026-11-21T00:00:00")), false);
});

test("0 and 7 are Sunday, and one of two restricted days will do", () => {
  const sunday = at("2026-11-22T00:00:00");
  assert.equal(parseCron("0 0 * * 0")(sunday), true);
  assert.equal(parseCron("0 0 * * 7")(sunday), true);
  assert.equal(parseCron("0 0 1 * 0")(sunday), true);
  assert.equal(parseCron("0 0 22 * 1")(sunday), true);
  assert.equal(parseCron("0 0 1 * 1")(sunday), false);
  assert.equal(parseCron("0 0 22 * *")(sunday), true);
});

test("what is no expression of five fields is refused", () => {
  for (const cron of [
    "",
    "* * * *",
    "* * * * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "5-1 * * * *",
    "*/0 * * * *",
    "a * * * *",
  ]) {
    assert.throws(() => parseCron(cron), { code: "CRON_INVALID" }, cron);
  }
});

test("the clock calls what is due each minute until it is stopped", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: at("2026-11-21T02:58:10") });
  const calls: string[] = [];
  const stop = startSchedules(
    [
      ["0 3 * * *", "/nightly"],
      ["* * * * *", "/each"],
    ],
    (pattern) => calls.push(pattern),
  );
  t.mock.timers.tick(60_000);
  assert.deepEqual(calls, ["/each"]);
  t.mock.timers.tick(60_000);
  assert.deepEqual(calls, ["/each", "/nightly", "/each"]);
  stop();
  t.mock.timers.tick(600_000);
  assert.equal(calls.length, 3);
});
