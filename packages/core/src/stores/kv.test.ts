/** What may go wrong. What KV does is tested in Cloudflare's runtime: packages/adapters/src/cloudflare/kv.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { kv, open } from "./kv.ts";
import type { RemoteOptions } from "./remote.ts";

/** A namespace that does `answer`, whatever it is asked. */
function openOn(answer: () => Promise<unknown>, options: RemoteOptions = {}) {
  let asked = 0;
  const method = () => {
    asked++;
    return answer();
  };
  const LINKS = { getWithMetadata: method, put: method, delete: method, list: method };
  const store = open({ binding: "LINKS", ...options }, { name: "main", bindings: { LINKS } });
  const calls = [() => store.get("key"), () => store.set("key", "x"), () => store.delete("key"), () => store.list()];
  return { calls, asked: () => asked };
}

test("what KV refuses is tried again, three times in all, and has a code", async () => {
  const { calls, asked } = openOn(() => Promise.reject(new Error("KV PUT failed: 429 Too Many Requests")));
  for (const run of calls) await assert.rejects(run, { code: "STORE_UNREACHABLE", message: /429 Too Many Requests/ });
  assert.equal(asked(), 12);
});

test("a KV that never answers ends with the deadline", async () => {
  const { calls } = openOn(() => new Promise(() => {}), { deadline: 10 });
  for (const run of calls) await assert.rejects(run, { code: "STORE_UNREACHABLE", message: /within 10 ms/ });
});

test("a Worker without the namespace says so", () => {
  assert.throws(() => open({ binding: "LINKS" }, { name: "main", bindings: {} }), { code: "STORE_BINDING_MISSING" });
});

test("the driver keeps its deadline as an option, and the binding its name", () => {
  assert.deepEqual(kv("LINKS", { deadline: 9 }).options, { deadline: 9, binding: "LINKS" });
});
