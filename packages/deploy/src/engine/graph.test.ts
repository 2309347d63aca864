import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as tick } from "node:timers/promises";
import { runGraph, type Task } from "./graph.ts";

const { signal } = new AbortController();

function record(order: Record<string, string[]>, fails?: string) {
  const log: string[] = [];
  let running = 0;
  let most = 0;
  const tasks = Object.entries(order).map(([id, after]): Task => {
    const run = async () => {
      most = Math.max(most, ++running);
      log.push(`+${id}`);
      await tick();
      if (id !== fails) await tick();
      running--;
      if (id === fails) throw new Error(`${id} failed`);
      log.push(`-${id}`);
    };
    return { id, after, run };
  });
  return { tasks, log, most: () => most };
}

test("work begins when what it needs is done, and side by side where nothing is needed", async () => {
  const { tasks, log } = record({ c: ["a", "b"], a: [], b: [], d: ["c"] });
  await runGraph(tasks, { signal });
  assert.deepEqual(log, ["+a", "+b", "-a", "-b", "+c", "-c", "+d", "-d"]);
});

test("no more than the limit runs at a time", async () => {
  const { tasks, most } = record(Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`t${index}`, []])));
  await runGraph(tasks, { signal, limit: 7 });
  assert.equal(most(), 7);
});

test("after a failure nothing begins, and what runs is waited for", async () => {
  const { tasks, log } = record({ a: [], b: [], c: ["b"], d: [] }, "a");
  await assert.rejects(runGraph(tasks, { signal, limit: 2 }), /a failed/);
  assert.deepEqual(log, ["+a", "+b", "-b"]);
});

test("after an abort nothing begins, and the reason is thrown", async () => {
  const controller = new AbortController();
  const { tasks, log } = record({ a: [], b: ["a"] });
  const ended = runGraph(tasks, { signal: controller.signal });
  controller.abort(new Error("stopped"));
  await assert.rejects(ended, /stopped/);
  assert.deepEqual(log, ["+a", "-a"]);
});

test("an order that cannot be is refused before anything runs", async () => {
  const round = record({ a: ["c"], b: ["a"], c: ["b"], d: [] });
  await assert.rejects(runGraph(round.tasks, { signal }), { code: "DEPLOY_ORDER_INVALID", message: /a, b, c/ });
  const absent = record({ a: ["nowhere"] });
  await assert.rejects(runGraph(absent.tasks, { signal }), { code: "DEPLOY_ORDER_INVALID", message: /nowhere/ });
  assert.deepEqual([...round.log, ...absent.log], []);
});
