import assert from "node:assert/strict";
import { test } from "node:test";
import * as godwit from "godwit";
import { read } from "./blocks.ts";

/** Every driver's factory, with what it must be given. */
const DRIVERS = {
  memory: godwit.memory(),
  sqlite: godwit.sqlite(),
  kv: godwit.kv("BINDING"),
  durableObject: godwit.durableObject("BINDING"),
  cacheApi: godwit.cacheApi(),
  redis: godwit.redis(),
  upstash: godwit.upstash(),
  runtimeCache: godwit.runtimeCache(),
  dynamodb: godwit.dynamodb("name"),
};

const LIST = { exact: "as it reads", eventual: "late", none: "none" };
const COUNTERS = { exact: "exact", instance: "the instance's own", none: "none" };

const rows = new Map(
  [...read("docs/stores.md").matchAll(/^\| `(\w+)\(.*?\)` \| (.+) \|$/gm)].map(([, name = "", cells = ""]) => [
    name,
    cells.split(" | "),
  ]),
);

for (const [name, { guarantees }] of Object.entries(DRIVERS)) {
  test(`docs/stores.md says what ${name} guarantees`, () => {
    const [, , , largest = "", counters = "", ttl = "", list = ""] = rows.get(name) ?? [];
    const { maxValue, minTtl } = guarantees;
    const size = maxValue % 2 ** 20 === 0 ? `${maxValue / 2 ** 20} MiB` : maxValue.toLocaleString("en-US");
    assert.ok(largest.includes(name === "memory" ? "2,048 bytes less" : size), largest);
    assert.ok(counters.startsWith(COUNTERS[guarantees.counters ?? "none"]), counters);
    assert.ok(ttl.startsWith(minTtl === 0 ? "any" : `${minTtl} s`), ttl);
    assert.equal(list, LIST[guarantees.list]);
  });
}

test("every driver that docs/stores.md has is judged here", () => {
  const documented = Object.keys(godwit).filter((name) => rows.has(name));
  assert.deepEqual(documented.sort(), Object.keys(DRIVERS).sort());
});
