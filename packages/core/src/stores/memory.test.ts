import assert from "node:assert/strict";
import { test } from "node:test";
import { slidingWindow } from "../rate-limit/sliding-window.ts";
import { conformTo } from "./conformance.fixture.ts";
import { countTo, HOUR } from "./counters-conformance.fixture.ts";
import { memory, open } from "./memory.ts";

const subject = { name: "memory", guarantees: memory().guarantees, open: () => open() };
conformTo(subject);
countTo(subject);

test("counters are bounded in number and in bytes, the least recently used goes first, and a refused take is a use", async () => {
  const rules = [{ algorithm: slidingWindow, limit: 1, window: HOUR }];
  const takes = async (store: ReturnType<typeof open>, keys: string[]) => {
    const allowed: string[] = [];
    for (const key of keys) if ((await store.counters?.take(key, rules))?.allowed) allowed.push(key);
    return allowed.join("");
  };
  assert.equal(await takes(open({ maxEntries: 2 }), ["a", "b", "a", "c", "a", "b"]), "abcb");
  // A sliding window is 18 numbers of 8 bytes.
  assert.equal(await takes(open({ maxBytes: 300 }), ["a", "b", "a", "c", "a", "b"]), "abcb");
});

test("leases are bounded: what is over goes first, then the oldest", async () => {
  const { counters } = open({ maxEntries: 2 });
  await counters?.lease("a", 60);
  await counters?.lease("b", 60);
  await counters?.lease("c", 60);
  assert.equal(await counters?.lease("b", 60), undefined);
  assert.ok(await counters?.lease("a", 60));
});

test("the least recently used goes when there are too many entries", async () => {
  const store = open({ maxEntries: 2 });
  await store.set("a", "1");
  await store.set("b", "2");
  await store.get("a");
  await store.set("c", "3");
  const keys = (await store.list()).keys.map(({ key }) => key);
  assert.deepEqual(keys, ["a", "c"]);
});

test("the least recently used goes when there are too many bytes, and replaced or deleted ones count no more", async () => {
  const store = open({ maxBytes: 10_000 });
  for (let at = 0; at < 20; at++) await store.set("same", new Uint8Array(4_000));
  await store.set("other", new Uint8Array(4_000));
  assert.equal((await store.list()).keys.length, 2);
  await store.delete("other");
  await store.set("third", new Uint8Array(4_000));
  assert.equal((await store.list()).keys.length, 2);
  await store.set("fourth", new Uint8Array(4_000));
  assert.deepEqual((await store.list()).keys, [{ key: "fourth" }, { key: "third" }]);
});

test("the factory is pure data, and its guarantee follows its options", () => {
  const driver = memory({ maxBytes: 5_000 });
  assert.deepEqual(JSON.parse(JSON.stringify(driver)), driver);
  assert.equal(driver.guarantees.maxValue, 5_000 - 2_048);
});
