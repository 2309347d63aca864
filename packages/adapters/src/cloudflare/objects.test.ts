import assert from "node:assert/strict";
import { test } from "node:test";
import { durableObject } from "@godwit/core/stores/durable-object";
import { configure, planOf } from "./artefact.fixture.ts";
import { toObjects } from "./objects.ts";
import { target } from "./target.ts";

const ROOM = { class: "Room", module: "objects/room.ts" };
const stores = durableObject("STATE").resources ?? [];

test("the Worker in front exports the classes of the config and of stores, those behind it none", async () => {
  const config = await configure({ durableObjects: { ROOM, LOBBY: ROOM } });
  const entry = (role: "handler" | "dispatcher", functions: number) =>
    target.entry(planOf({ id: "app", role }), config, { functions, resources: stores });
  for (const front of [entry("dispatcher", 2), entry("handler", 1)]) {
    assert.deepEqual(front.match(/^export \{.*$/gm), [
      'export { Room } from "./objects/room.ts";',
      'export { GodwitStore as STATE } from "@godwit/core/stores/durable-object-class";',
    ]);
  }
  assert.doesNotMatch(entry("handler", 2), /Room|GodwitStore/);
});

test("a binding of the config stands before a store's", async () => {
  const config = await configure({ durableObjects: { STATE: ROOM } });
  assert.deepEqual(
    toObjects(config, stores).map(({ binding, class: name }) => [binding, name]),
    [["STATE", "Room"]],
  );
});

test("one name for two classes is refused, and so are names that the entry has", async () => {
  const twice = await configure({ durableObjects: { A: ROOM, B: { ...ROOM, module: "objects/other.ts" } } });
  assert.throws(() => toObjects(twice), { code: "CLOUDFLARE_CLASS_TWICE", message: /objects\/other\.ts/ });
  const clash = await configure({ durableObjects: { A: { ...ROOM, class: "STATE" } } });
  assert.throws(() => toObjects(clash, stores), { code: "CLOUDFLARE_CLASS_TWICE" });
  for (const wrong of [{ class: "default" }, { class: "schedule" }, { module: "../out.ts" }, { module: "/abs.ts" }]) {
    await assert.rejects(configure({ durableObjects: { A: { ...ROOM, ...wrong } } }));
  }
});
