import { after, before } from "node:test";
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

conformTo({
  name: "cache-api",
  guarantees: cacheApi().guarantees,
  open: () => host.open({ cache: `cache${count++}`, deadline: 10_000 }),
});
