import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gcra } from "@godwit/core/rate-limit/gcra";
import { conformTo } from "@godwit/core/stores/conformance.fixture";
import { countTo } from "@godwit/core/stores/counters-conformance.fixture";
import { durableObject, open } from "@godwit/core/stores/durable-object";
import type { Store } from "@godwit/core/stores/store";
import { type Host, hostStore } from "./store.fixture.ts";

/** One runtime for all, and a namespace for each test. */
let host: Host;
let count = 0;
const BINDINGS = Array.from({ length: 50 }, (_, at) => `STATE${at}`);

before(async () => {
  host = await hostStore({
    driver: "durable-object",
    source: `import { GodwitStore } from "@godwit/core/stores/durable-object-class";
${BINDINGS.map((name) => `export class ${name} extends GodwitStore {}`).join("\n")}`,
    options: {
      durableObjects: Object.fromEntries(BINDINGS.map((className) => [className, { className, useSQLite: true }])),
    },
    counters: true,
  });
});
after(() => host.close());

// On a machine that is busy a thousand at once take their time, which is not what is tested.
const openStore = (): Store => host.open({ binding: BINDINGS[count++], deadline: 30_000 });
const { guarantees } = durableObject("STATE");
conformTo({ name: "durable-object", guarantees, open: openStore });
countTo({ name: "durable-object", guarantees, open: openStore });

test("an algorithm of the app's own is refused by name", async () => {
  const { counters } = openStore();
  const rules = [{ algorithm: { ...gcra, name: "my-own" }, limit: 1, window: 1_000 }];
  const told = { code: "STORE_ALGORITHM_UNKNOWN", message: /my-own/ };
  await assert.rejects(async () => counters?.take("key", rules), told);
});

test("without its binding the store cannot be opened", () => {
  assert.throws(() => open({ binding: "STATE" }, { name: "main", bindings: {} }), { code: "STORE_OBJECT_MISSING" });
});
