import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { ALGORITHMS } from "../rate-limit/algorithms.fixture.ts";
import { type Answered, type Asked, GodwitStore } from "./durable-object-class.ts";

type Value = ArrayBuffer | Uint8Array | string | number | null;

/** An object on a SQLite of Node; the drivers' suites run it in workerd. */
function openObject() {
  let database = new DatabaseSync(":memory:");
  const seen: { alarm?: number; deleted: boolean } = { deleted: false };
  const storage = {
    sql: { exec: (sql: string, ...values: Value[]) => run(sql, values) },
    async setAlarm(time: number) {
      seen.alarm = time;
    },
    async deleteAll() {
      seen.deleted = true;
      database = new DatabaseSync(":memory:");
    },
  };
  function run(sql: string, values: Value[]) {
    const given = values.map((value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value));
    const rows = database.prepare(sql).all(...given);
    return { toArray: () => rows };
  }
  const start = () => new GodwitStore({ storage } as unknown as ConstructorParameters<typeof GodwitStore>[0]); // rows are SQLite's
  return { seen, start };
}

async function ask(object: GodwitStore, asked: Asked, body = ""): Promise<Answered> {
  const headers = { godwit: encodeURIComponent(JSON.stringify(asked)) };
  const response = await object.fetch(new Request("http://store/", { method: "POST", headers, body }));
  return JSON.parse(decodeURIComponent(response.headers.get("godwit") ?? ""));
}

const set = (key: string, expires?: number): Asked => ({ do: "set", key, metadata: undefined, expires });
const MINUTE = 60_000;

test("what is over is swept a minute later, and an object that holds nothing is emptied whole", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const { seen, start } = openObject();
  const object = start();
  await ask(object, set("late", 1_090_000));
  assert.equal(seen.alarm, 1_090_000 + MINUTE);
  await ask(object, set("soon", 1_010_000));
  assert.equal(seen.alarm, 1_010_000 + MINUTE);
  t.mock.timers.tick(70_000);
  await object.alarm();
  assert.deepEqual([seen.deleted, seen.alarm], [false, 1_090_000 + MINUTE]);
  t.mock.timers.tick(80_000);
  await object.alarm();
  assert.equal(seen.deleted, true);
  await ask(object, set("again"));
  assert.equal((await ask(object, { do: "get", key: "again" })).found, true);
});

test("an instance that begins anew asks for the sweep that the one before it had asked for", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const { seen, start } = openObject();
  await ask(start(), set("soon", 1_010_000));
  await ask(start(), set("late", 9_000_000));
  assert.equal(seen.alarm, 1_010_000 + MINUTE);
});

test("the class knows every algorithm of the folder", async () => {
  for (const { name } of ALGORITHMS) {
    const object = openObject().start();
    const rules = [{ algorithm: name, limit: 1, window: 1_000 }];
    assert.equal((await ask(object, { do: "take", rules, cost: 1 })).unknown, undefined, name);
  }
});

test("tokens of leases go on growing when all leases are over", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const { seen, start } = openObject();
  const object = start();
  assert.equal((await ask(object, { do: "lease", key: "a", time: 10 })).token, 1);
  t.mock.timers.tick(2 * MINUTE);
  await object.alarm();
  assert.equal(seen.deleted, false);
  assert.equal((await ask(start(), { do: "lease", key: "a", time: 10 })).token, 2);
});
