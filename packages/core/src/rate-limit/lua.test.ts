import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type States, takeAll } from "../stores/counters.ts";
import type { CounterRule } from "../stores/store.ts";
import { ALGORITHMS, createRandom } from "./algorithms.fixture.ts";
import { startRedis } from "./redis.fixture.ts";
import { toScript } from "./script.ts";

const redis = await startRedis();
after(() => redis.close());

/** Runs a sequence of steps from no state on, and tells each as `step` does. */
const chain = (lua: string) => `local f = ${lua}
local out, state = {}, nil
for i = 1, #ARGV, 6 do
  local n = function(j) return tonumber(ARGV[i + j]) end
  local s, allowed, remaining, reset, retry, ttl = f(state, n(0), n(1), n(2), n(3), n(4), ARGV[i + 5] == "1")
  state = s
  local words = {}
  for j, v in ipairs(s) do words[j] = string.format("%.17g", v) end
  out[#out + 1] = table.concat(words, ",") .. (allowed and ";1" or ";0")
  for _, v in ipairs({remaining, reset, retry, ttl}) do out[#out] = out[#out] .. ";" .. string.format("%.17g", v) end
end
return out`;

for (const { name, step, lua } of ALGORITHMS) {
  test(`${name}: the Lua does what the step does, number by number`, async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = createRandom(seed);
      const large = seed % 5 === 0;
      const limit = large && name !== "concurrency" ? random(1, 100_000) : random(1, 10);
      const window = large ? random(1, 86_400_000) : random(1, 300);
      const burst = random(0, 1) === 1 ? random(1, limit * 2) : undefined;
      let now = 1_800_000_000_000 + random(0, 100_000);
      let state: number[] | undefined;
      const words: (string | number)[] = [];
      const expected: string[] = [];
      for (let at = 0; at < 100; at++) {
        now += random(0, 7) === 0 ? random(-window, 3 * window) : random(0, Math.ceil(window / limit));
        const cost = random(-2, Math.min(limit + 1, 50));
        const force = random(0, 9) === 0;
        words.push(now, cost, limit, window, burst ?? "", force ? 1 : "");
        const given = step(state, now, cost, { limit, window, burst, force });
        state = given.state;
        const { allowed, remaining, reset, retryAfter, ttl } = given;
        expected.push([state.join(","), allowed ? 1 : 0, remaining, reset, retryAfter, ttl].join(";"));
      }
      assert.deepEqual(await redis.send("EVAL", chain(lua), 0, ...words), expected, `seed ${seed}`);
    }
  });
}

test("the script takes by several rules at once on the server's time, as takeAll does", async () => {
  for (let seed = 1; seed <= 15; seed++) {
    const random = createRandom(seed);
    const rules = Array.from({ length: random(1, 4) }, (): CounterRule => {
      const algorithm = ALGORITHMS[random(0, ALGORITHMS.length - 1)] ?? ALGORITHMS[0];
      assert.ok(algorithm);
      return {
        algorithm,
        limit: random(1, 8),
        window: random(1, 40),
        ...(random(0, 1) === 1 && { burst: random(1, 8) }),
      };
    });
    const script = toScript(rules.map(({ algorithm }) => algorithm));
    let states: States | undefined;
    for (let at = 0; at < 100; at++) {
      const cost = random(-1, 3);
      const forced = rules.map((rule) => ({ ...rule, force: random(0, 9) === 0 }));
      const words = forced.flatMap(({ limit, window, burst = "", force }) => [
        cost,
        limit,
        window,
        burst,
        force ? 1 : "",
      ]);
      const reply = await redis.send("EVAL", script, 1, `key ${seed}`, ...words);
      assert.ok(Array.isArray(reply));
      const [now, ...answer] = reply.map(Number);
      const { taken, states: next } = takeAll(states, now ?? 0, forced, cost);
      const told = taken.rules.flatMap((rule) => [rule.allowed ? 1 : 0, rule.remaining, rule.reset, rule.retryAfter]);
      assert.deepEqual(answer, [taken.allowed ? 1 : 0, ...told], `seed ${seed}, take ${at}`);
      states = next ?? states;
    }
  }
});

test("the script keeps no key whose state is as good as none", async () => {
  const [fixed] = ALGORITHMS;
  assert.ok(fixed);
  const script = toScript([fixed]);
  await redis.send("EVAL", script, 1, "gone", 1, 5, 60_000, "", "");
  assert.ok(Number(await redis.send("PTTL", "gone")) > 0);
  await redis.send("EVAL", script, 1, "gone", -1, 5, 60_000, "", "");
  assert.equal(await redis.send("EXISTS", "gone"), 0);
});
