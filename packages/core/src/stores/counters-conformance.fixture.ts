/**
 * What the counters of every driver must do. A driver's test calls `countTo` with a way to open an empty store.
 * @module
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { concurrency } from "../rate-limit/concurrency.ts";
import { fixedWindow } from "../rate-limit/fixed-window.ts";
import { gcra } from "../rate-limit/gcra.ts";
import { slidingWindow } from "../rate-limit/sliding-window.ts";
import { tokenBucket } from "../rate-limit/token-bucket.ts";
import type { Subject } from "./conformance.fixture.ts";
import type { CounterStore } from "./store.ts";

export const HOUR = 3_600_000;

export function countTo({ name, guarantees, open }: Subject): void {
  const check = (what: string, run: (counters: CounterStore) => Promise<void>) =>
    test(`${name}: ${what}`, async (t) => {
      const { counters } = await open(t);
      assert.ok(counters && guarantees.counters);
      await run(counters);
    });

  for (const algorithm of [fixedWindow, slidingWindow, tokenBucket, gcra, concurrency]) {
    check(`1,000 takes at once on a limit of 100 let exactly 100 through, by ${algorithm.name}`, async (counters) => {
      // So long that nothing comes back meanwhile, and that the clock begins no window of its own soon.
      const rules = [{ algorithm, limit: 100, window: 24_000 * HOUR, burst: 100 }];
      const all = await Promise.all(Array.from({ length: 1_000 }, () => counters.take("key", rules)));
      assert.equal(all.filter(({ allowed }) => allowed).length, 100);
      assert.equal((await counters.take("other", rules)).rules[0]?.remaining, 99);
    });
  }

  check("a take by several rules is all or nothing", async (counters) => {
    const rules = [
      { algorithm: slidingWindow, limit: 2, window: HOUR },
      { algorithm: gcra, limit: 10, window: HOUR, burst: 10 },
    ];
    const remaining = async (cost: number) => {
      const { allowed, rules: told } = await counters.take("key", rules, cost);
      return [allowed, ...told.map((rule) => rule.remaining)];
    };
    assert.deepEqual(await remaining(1), [true, 1, 9]);
    assert.deepEqual(await remaining(3), [false, 1, 9]);
    assert.deepEqual(await remaining(1), [true, 0, 8]);
    const refused = await counters.take("key", rules);
    assert.deepEqual(
      refused.rules.map((rule) => [rule.allowed, rule.remaining, rule.retryAfter > 0]),
      [
        [false, 0, true],
        [true, 8, false],
      ],
    );
  });

  check(
    "a rule may have a cost of its own, a refund gives back, and force counts beyond the limit",
    async (counters) => {
      const rule = { algorithm: tokenBucket, limit: 5, window: HOUR };
      const left = async (...given: Parameters<CounterStore["take"]>) =>
        (await counters.take(...given)).rules.map(({ remaining }) => remaining);
      assert.deepEqual(await left("key", [rule, { ...rule, cost: 3 }]), [4, 2]);
      assert.deepEqual(await left("key", [rule, { ...rule, cost: 0 }], -1), [5, 2]);
      assert.deepEqual(await left("key", [{ ...rule, force: true }, rule], 0), [5, 2]);
      const beyond = [rule, rule].map((one) => ({ ...one, force: true }));
      assert.deepEqual(await left("key", beyond, 7), [0, 0]);
      assert.equal((await counters.take("key", [rule, rule])).allowed, false);
    },
  );

  check("a window that is over counts no more", async (counters) => {
    const rules = [{ algorithm: slidingWindow, limit: 1, window: 32 }];
    assert.equal((await counters.take("key", rules)).allowed, true);
    let taken = await counters.take("key", rules);
    const { retryAfter = 0 } = taken.rules[0] ?? {};
    assert.ok(retryAfter <= 34);
    while (!taken.allowed) taken = await counters.take("key", rules);
    assert.equal(taken.rules[0]?.remaining, 0);
  });

  check("what is no key, no cost and no lease is refused by name, and counts nothing", async (counters) => {
    const rules = [{ algorithm: fixedWindow, limit: 5, window: 24_000 * HOUR }];
    for (const key of ["", ".", "k".repeat(513), "\uD800"]) {
      await assert.rejects(counters.take(key, rules), { code: "STORE_KEY_INVALID" });
      await assert.rejects(counters.lease(key, 1), { code: "STORE_KEY_INVALID" });
    }
    for (const cost of [0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(counters.take("key", rules, cost), { code: "STORE_COST_INVALID" });
    }
    for (const ttl of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(counters.lease("key", ttl), { code: "STORE_LEASE_INVALID" });
    }
    assert.equal((await counters.take("key", rules)).rules[0]?.remaining, 4);
  });

  check("a lease has one holder, and each a larger token than all before", async (counters) => {
    const held = await Promise.all(Array.from({ length: 20 }, () => counters.lease("key", 60)));
    const [first, ...more] = held.filter((lease) => lease !== undefined);
    assert.ok(first);
    assert.deepEqual(more, []);
    const other = await counters.lease("other", 0.001);
    assert.ok(other && other.token > first.token);
    await first.release();
    const second = await counters.lease("key", 60);
    assert.ok(second && second.token > other.token);
    // It holds no more, so that it gives up nothing.
    await first.release();
    assert.equal(await counters.lease("key", 60), undefined);
  });

  check("a lease is over with its time", async (counters) => {
    const first = await counters.lease("key", 0.005);
    assert.ok(first);
    let second = await counters.lease("key", 60);
    while (!second) second = await counters.lease("key", 60);
    assert.ok(second.token > first.token);
    await first.release();
    assert.equal(await counters.lease("key", 60), undefined);
  });

  check("counters, leases and values of one key are apart", async (counters) => {
    const rules = [{ algorithm: fixedWindow, limit: 5, window: 24_000 * HOUR }];
    await counters.lease("key", 60);
    assert.equal((await counters.take("key", rules)).rules[0]?.remaining, 4);
    assert.equal((await counters.take("key", rules)).rules[0]?.remaining, 3);
    assert.equal(await counters.lease("key", 60), undefined);
  });
}
