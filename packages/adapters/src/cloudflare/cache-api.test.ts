import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { cacheApi } from "@godwit/core/stores/cache-api";
import { conformTo } from "@godwit/core/stores/conformance.fixture";
import { type Host, hostStore } from "./store.fixture.ts";

/** One runtime for all, and a cache for each test. */
let host: Host;
let count = 0;

before(async () => {
  host = await hostStore({ driver: "cache-api", counters: false });
});
after(() => host.close());

test("what one cache has another has not, and keys are addresses of the given origin", async () => {
  const origin = "https://example.com";
  await host.open({ origin, deadline: 10_000 }).set("key", "value");
  assert.equal((await host.open({ origin, cache: "godwit", deadline: 10_000 }).get("key"))?.text(), "value");
  assert.equal(await host.open({ origin, cache: "other", deadline: 10_000 }).get("key"), undefined);
  assert.equal(await host.open({ deadline: 10_000 }).get("key"), undefined);
});

conformTo({
  name: "cache-api",
  guarantees: cacheApi().guarantees,
  open: () => host.open({ cache: `cache${count++}`, deadline: 10_000 }),
});
