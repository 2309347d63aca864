import assert from "node:assert/strict";
import { test } from "node:test";
import { gcra } from "../rate-limit/gcra.ts";
import { open } from "./durable-object.ts";

/** A namespace whose objects fail as Cloudflare's do, then answer. */
function failing(errors: readonly object[], hangs = false) {
  const left = [...errors];
  let calls = 0;
  const headers = { godwit: encodeURIComponent(JSON.stringify({ token: 1 })) };
  const namespace = {
    idFromName: (name: string) => name,
    get: () => ({
      async fetch() {
        calls++;
        if (hangs) await new Promise(() => {});
        const error = left.shift();
        if (error) throw Object.assign(new Error("Network connection lost."), error);
        return new Response(null, { headers });
      },
    }),
  };
  const store = open(
    { binding: "STATE", deadline: hangs ? 20 : 5_000 },
    { name: "main", bindings: { STATE: namespace } },
  );
  return { store, calls: () => calls };
}

const rules = [{ algorithm: gcra, limit: 1, window: 1_000 }];

test("what workerd calls retryable is tried again, in a bounded number", async () => {
  const twice = failing([{ retryable: true }, { retryable: true }]);
  assert.equal(await twice.store.get("key"), undefined);
  assert.equal(twice.calls(), 3);
  const always = failing(Array.from({ length: 9 }, () => ({ retryable: true })));
  await assert.rejects(always.store.set("key", "x"), { code: "STORE_UNREACHABLE", message: /Network connection lost/ });
  assert.equal(always.calls(), 3);
});

test("an object that is overloaded, and one that fails for good, are not asked again", async () => {
  for (const error of [{ retryable: true, overloaded: true }, {}]) {
    const { store, calls } = failing([error]);
    await assert.rejects(store.get("key"), { code: "STORE_FAILED" });
    assert.equal(calls(), 1);
  }
});

test("a take and a lease, which may have been done, are tried once", async () => {
  for (const ask of ["take", "lease"] as const) {
    const { store, calls } = failing([{ retryable: true }]);
    const asked = ask === "take" ? store.counters?.take("key", rules) : store.counters?.lease("key", 1);
    await assert.rejects(async () => asked, { code: "STORE_UNREACHABLE" });
    assert.equal(calls(), 1);
  }
});

test("an object that does not answer is waited for as long as the deadline says", async () => {
  await assert.rejects(failing([], true).store.get("key"), { code: "STORE_UNREACHABLE", message: /within 20 ms/ });
});
