import assert from "node:assert/strict";
import { test } from "node:test";
import type { Algorithm, Rule } from "./algorithm.ts";
import { ALGORITHMS, createRandom } from "./algorithms.fixture.ts";
import { concurrency } from "./concurrency.ts";
import { fixedWindow } from "./fixed-window.ts";
import { gcra } from "./gcra.ts";
import { slidingWindow } from "./sliding-window.ts";
import { tokenBucket } from "./token-bucket.ts";

interface Event {
  now: number;
  cost: number;
  allowed: boolean;
}

const START = 1_800_000_000_000;

function ruleOf(random: ReturnType<typeof createRandom>): Rule {
  const burst = random(0, 1) === 1 ? { burst: random(1, 12) } : {};
  return { limit: random(1, 12), window: random(1, 500), ...burst };
}

/** Random takes over random times, each with its rule; the events are what went through and what did not. */
function runs(algorithm: Algorithm, check: (rule: Rule, events: Event[]) => void): void {
  for (let seed = 1; seed <= 200; seed++) {
    const random = createRandom(seed);
    const rule = ruleOf(random);
    let now = START + random(0, 1_000);
    let state: number[] | undefined;
    const events: Event[] = [];
    for (let at = 0; at < 100; at++) {
      now += random(0, 3) === 0 ? random(0, rule.window * 2) : random(0, Math.ceil(rule.window / rule.limit));
      const cost = random(0, 4) === 0 ? random(1, rule.limit) : 1;
      const step = algorithm.step(state, now, cost, rule);
      state = step.state;
      events.push({ now, cost, allowed: step.allowed });
    }
    check(rule, events);
  }
}

/** Units that went through from `from` on, before `to`. */
const taken = (events: readonly Event[], from: number, to: number) =>
  events.reduce((sum, { now, cost, allowed }) => sum + (allowed && now >= from && now < to ? cost : 0), 0);

test("a fixed window lets its limit through in each window of the clock, not one less and not one more", () => {
  runs(fixedWindow, ({ limit, window }, events) => {
    for (const [at, { now, cost, allowed }] of events.entries()) {
      const start = now - (now % window);
      assert.equal(allowed, taken(events.slice(0, at), start, now + 1) + cost <= limit);
    }
  });
});

test("a sliding window never lets more than its limit through in any time as long as the window", () => {
  runs(slidingWindow, ({ limit, window }, events) => {
    for (const { now } of events) assert.ok(taken(events, now, now + window) <= limit);
  });
});

test("a sliding window refuses nothing that its window and a slice more have room for", () => {
  runs(slidingWindow, ({ limit, window }, events) => {
    const longest = Math.ceil(window / 16) * 17;
    for (const [at, { now, cost, allowed }] of events.entries()) {
      if (!allowed) assert.ok(taken(events.slice(0, at), now - longest, now + 1) + cost > limit);
    }
  });
});

for (const [algorithm, defaultBurst] of [
  [tokenBucket, (rule: Rule) => rule.limit],
  [gcra, () => 1],
] as const) {
  const burstOf = (rule: Rule) => rule.burst ?? defaultBurst(rule);

  test(`${algorithm.name} never lets more than its burst and what came back through, in any time`, () => {
    runs(algorithm, (rule, events) => {
      for (const [from, first] of events.entries()) {
        for (const last of events.slice(from)) {
          const back = Math.floor(((last.now - first.now) * rule.limit) / rule.window);
          assert.ok(taken(events.slice(from), first.now, last.now + 1) <= burstOf(rule) + back);
        }
        assert.ok(taken(events, first.now, first.now + rule.window) <= burstOf(rule) + rule.limit - 1);
      }
    });
  });

  test(`${algorithm.name} allows whatever an exact bucket holds, to the last fraction`, () => {
    runs(algorithm, (rule, events) => {
      const window = BigInt(rule.window);
      const full = BigInt(burstOf(rule)) * window;
      let level = full;
      let last = BigInt(START);
      for (const { now, cost, allowed } of events) {
        level += (BigInt(now) - last) * BigInt(rule.limit);
        if (level > full) level = full;
        last = BigInt(now);
        assert.equal(allowed, BigInt(cost) * window <= level);
        if (allowed) level -= BigInt(cost) * window;
      }
    });
  });
}

test("concurrency holds its limit, not one less and not one more, and what nobody gives back is over in time", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = createRandom(seed);
    const rule = ruleOf(random);
    let now = START;
    let state: number[] | undefined;
    let held: number[] = [];
    for (let at = 0; at < 100; at++) {
      now += random(0, rule.window);
      held = held.filter((end) => end > now);
      const cost = random(0, 2) === 0 ? -random(1, 3) : random(1, 3);
      const step = concurrency.step(state, now, cost, rule);
      assert.equal(step.allowed, held.length + cost <= rule.limit || cost < 0);
      if (step.allowed && cost > 0) held.push(...Array<number>(cost).fill(now + rule.window));
      if (cost < 0) held = held.slice(-cost);
      assert.equal(step.remaining, rule.limit - held.length);
      state = step.state;
    }
  }
});

for (const algorithm of ALGORITHMS) {
  test(`${algorithm.name}: what it tells of the future comes true, to the millisecond`, () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = createRandom(seed);
      const rule = ruleOf(random);
      let now = START + random(0, 1_000);
      let state: number[] | undefined;
      for (let at = 0; at < 60; at++) {
        now += random(0, 5) === 0 ? random(0, rule.window) : random(0, 3);
        const cost = random(0, 6) === 0 ? -random(1, 3) : random(1, rule.limit);
        const force = random(0, 9) === 0;
        const before = state;
        const step = algorithm.step(before, now, cost, { ...rule, force });
        state = step.state;
        const look = (later: number) => algorithm.step(state, now + later, 0, rule);
        assert.equal(look(0).remaining, step.remaining);
        if (step.remaining > 0) assert.ok(algorithm.step(state, now, step.remaining, rule).allowed);
        assert.ok(!algorithm.step(state, now, step.remaining + 1, rule).allowed);
        if (step.reset > 0) {
          assert.ok(look(step.reset).remaining > step.remaining);
          assert.equal(look(step.reset - 1).remaining, step.remaining);
        }
        const ask = (later: number) => algorithm.step(before, now + later, cost, rule).allowed;
        const capacity = algorithm.step(undefined, now, 0, rule).remaining;
        if (step.retryAfter > 0 && cost <= capacity) {
          assert.ok(ask(step.retryAfter));
          assert.ok(!ask(step.retryAfter - 1));
        }
        assert.equal(look(step.ttl).remaining, capacity);
        assert.ok(step.state.every(Number.isSafeInteger));
      }
    }
  });

  test(`${algorithm.name}: a refund gives back what was taken, and never more`, () => {
    const rule = { limit: 5, window: 1_000, burst: 5 };
    const first = algorithm.step(undefined, START, 3, rule);
    const second = algorithm.step(first.state, START, -2, rule);
    assert.deepEqual([first.remaining, second.allowed, second.remaining], [2, true, 4]);
    assert.equal(algorithm.step(second.state, START, -9, rule).remaining, 5);
    assert.ok(!algorithm.step(undefined, START, 6, rule).allowed);
  });

  test(`${algorithm.name}: what is spent already counts beyond the limit, and is paid back`, () => {
    const rule = { limit: 5, window: 1_000, burst: 5 };
    const spent = algorithm.step(undefined, START, 8, { ...rule, force: true });
    assert.deepEqual([spent.allowed, spent.remaining], [true, 0]);
    assert.ok(!algorithm.step(spent.state, START + 1, 1, rule).allowed);
    assert.equal(algorithm.step(spent.state, START + 1 + spent.ttl, 1, rule).allowed, true);
  });

  test(`${algorithm.name}: a clock that goes back lets nothing through that was refused`, () => {
    const rule = { limit: 5, window: 1_000, burst: 5 };
    const full = algorithm.step(undefined, START, 5, rule);
    for (const back of [1, 999, 1_000, 60_000]) {
      assert.ok(!algorithm.step(full.state, START - back, 1, rule).allowed);
    }
  });
}
