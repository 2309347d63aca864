/**
 * Exact counters in the table of a `dynamodb()` store. A take is appended to a log in the counter's item, which DynamoDB
 * puts in order; the answer has the whole log, and who replays it knows what came of each take. So nobody waits for
 * anybody, and nobody tries again because another was faster.
 * @module
 */
import { GodwitError } from "../errors.ts";
import { checkCost, type States, takeAll, toLeaseTime } from "./counters.ts";
import { type Attribute, type Item, type Send, toExpiry } from "./dynamodb-client.ts";
import { call, failed, type RemoteOptions } from "./remote.ts";
import type { CounterRule, CounterStore, Taken } from "./store.ts";
import { checkKey } from "./value.ts";

/** A take that waits for its turn. */
interface Asked {
  rules: readonly CounterRule[];
  cost: number;
  resolve(taken: Taken): void;
  reject(error: unknown): void;
}

/** What one write appends: its id, the instance's time, and the takes with the numbers of their rules. */
type Entry = [id: string, at: number, takes: [rules: Omit<CounterRule, "algorithm">[], cost: number][]];

/** Takes of one instance that go into one write. */
const MOST = 64;
/** Letters of a log that is folded into the state, every so many entries: a write is paid for by the item's size. */
const LONG = 700;
const EVERY = 4;
const TOO_LONG = 8_000;
/** Entries that one fold takes: an expression has 300 operators at most. */
const FOLDED = 100;
/** Seconds that an item stays beyond its time: a late writer finds it. */
const SLACK = 60;

/** The time is the instances': DynamoDB has none to compare with. For one counter it never goes back. */
export function openCounters(store: string, options: RemoteOptions, send: Send): CounterStore {
  const lines = new Map<string, Asked[]>();

  const settle = async (key: string, asked: readonly Asked[]): Promise<void> => {
    const Key: Item = { p: { S: `c:${key}` }, k: { S: "c" } };
    const entry: Entry = [
      crypto.randomUUID().slice(0, 13),
      Date.now(),
      asked.map(({ rules, cost }) => [rules.map(({ algorithm: _, ...numbers }) => numbers), cost]),
    ];
    const own = JSON.stringify(entry);
    // A bucket is full again after as many windows as its burst has limits.
    const times = asked.flatMap(({ rules }) =>
      rules.map(({ window, limit, burst = 0 }) => 2 * window * Math.max(1, Math.min(burst / limit, 100) || 0)),
    );
    const until = Date.now() + Math.max(0, ...times);
    const append = {
      Key,
      UpdateExpression: "SET l = list_append(if_not_exists(l, :none), :l), t = :t",
      // An attempt whose answer was lost may have been done.
      ConditionExpression: "NOT contains(l, :own) AND NOT contains(r, :id)",
      ExpressionAttributeValues: {
        ":none": { L: [] },
        ":l": { L: [{ S: own }] },
        ":own": { S: own },
        ":id": { S: entry[0] },
        ":t": toExpiry(until, SLACK).t,
      },
      ReturnValues: "ALL_NEW",
    };
    let known: Taken[] | undefined;
    await call(store, options, async (signal) => {
      const item =
        (await send("UpdateItem", append, signal))?.Attributes ??
        (await send("GetItem", { Key, ConsistentRead: true }, signal))?.Item;
      const { taken, fold } = replay(item ?? {}, entry[0], asked, until);
      if (taken.length < asked.length) throw failed(store, "an answer was lost, and what came of it is folded by now");
      known = taken;
      // Where it fails, or is late, the next one does it.
      if (fold) await send("UpdateItem", { Key, ...fold }, signal).catch(() => {});
    }).catch((error: unknown) => {
      if (!known) throw error;
    });
    for (const [index, { resolve }] of asked.entries()) if (known?.[index]) resolve(known[index]);
  };

  /** Rounds until nobody asks. */
  const work = async (key: string, line: Asked[]): Promise<void> => {
    while (line.length > 0) {
      const asked = line.splice(0, MOST);
      await settle(key, asked).catch((error: unknown) => {
        // Those who wait have no more time than those who were asked for, where it is the server that fails.
        const waiting = error instanceof GodwitError && error.code === "STORE_FAILED" ? [] : line.splice(0);
        for (const { reject } of [...asked, ...waiting]) reject(error);
      });
    }
    lines.delete(key);
  };

  return {
    async take(key, rules, cost = 1) {
      checkKey(key);
      for (const rule of rules) checkCost(rule.cost ?? cost);
      return new Promise((resolve, reject) => {
        const asked = { rules, cost, resolve, reject };
        const line = lines.get(key);
        if (line) return void line.push(asked);
        const first = [asked];
        lines.set(key, first);
        void work(key, first);
      });
    },
    async lease(key, ttl) {
      const Key: Item = { p: { S: `l:${checkKey(key)}` }, k: { S: "l" } };
      const time = toLeaseTime(ttl);
      let n: { N: string } | undefined;
      const held = await call(store, options, async (signal) => {
        const last = {
          Key: { p: { S: "t" }, k: { S: "t" } },
          UpdateExpression: "ADD n :n",
          ExpressionAttributeValues: { ":n": { N: "1" } },
          ReturnValues: "UPDATED_NEW",
        };
        n ??= { N: (await send("UpdateItem", last, signal))?.Attributes?.n?.N ?? "0" };
        const now = Date.now();
        const lease = {
          Item: { ...Key, n, ...toExpiry(now + time, SLACK) },
          // Its own, where the answer of the attempt before was lost; else an older one, whose time is over.
          ConditionExpression: "attribute_not_exists(p) OR n = :n OR (e <= :now AND n < :n)",
          ExpressionAttributeValues: { ":n": n, ":now": { N: String(now) } },
        };
        return send("PutItem", lease, signal);
      });
      if (!held || !n) return undefined;
      const own = n;
      return {
        token: Number(own.N),
        async release() {
          const over = {
            Key,
            UpdateExpression: "SET e = :e",
            ConditionExpression: "n = :n",
            ExpressionAttributeValues: { ":e": { N: "0" }, ":n": own },
          };
          await call(store, options, (signal) => send("UpdateItem", over, signal));
        },
      };
    },
  };
}

/** What came of the takes of an entry, and how the log is folded where it is time to. */
function replay(
  { s, a, l, g }: Item,
  own: string,
  asked: readonly Asked[],
  until: number,
): { taken: Taken[]; fold?: object } {
  const entries = (l?.L ?? []).map((one) => JSON.parse(one.S ?? "[]") as Entry); // as it was appended
  const algorithms = asked[0]?.rules.map(({ algorithm }) => algorithm) ?? [];
  const taken: Taken[] = [];
  let states: States | undefined = s?.S === undefined ? undefined : JSON.parse(s.S);
  let now = Number(a?.N ?? 0);
  let ttl = 0;
  /** What a fold leaves. */
  let left = { states, now };
  for (const [index, [id, at, takes]] of entries.entries()) {
    now = Math.max(now, at);
    for (const [numbers, cost] of takes) {
      const rules = numbers.flatMap((one, index) => {
        const algorithm = algorithms[index];
        return algorithm ? [{ ...one, algorithm }] : [];
      });
      const step = takeAll(states, now, rules, cost);
      states = step.states ?? states;
      ttl = step.ttl;
      if (id === own) taken.push(step.taken);
    }
    if (index < FOLDED) left = { states, now };
  }
  const length = l?.L?.reduce((sum, one) => sum + (one.S?.length ?? 0), 0) ?? 0;
  const isLong = length > TOO_LONG || (length > LONG && entries.length % EVERY === 0);
  // A debt may last longer than the windows.
  const over = Math.max(until, now + ttl);
  if (!isLong && over <= until) return { taken };
  const folded = entries.slice(0, FOLDED);
  const values: Record<string, Attribute | undefined> = {
    ":s": { S: JSON.stringify(left.states ?? []) },
    ":a": { N: String(left.now) },
    ":r": { L: folded.map(([id]) => ({ S: id })) },
    ":g": { N: String(Number(g?.N ?? 0) + 1) },
    ":t": toExpiry(over, SLACK).t,
    ...(g && { ":old": g }),
  };
  // From the end: indices are those of before, and so they are where one removal comes after the other.
  const indices = folded.map((_, at) => `l[${at}]`).reverse();
  const fold = {
    UpdateExpression: `SET s = :s, a = :a, r = :r, g = :g, t = :t REMOVE ${indices.join(", ")}`,
    ConditionExpression: g ? "g = :old" : "attribute_not_exists(g)",
    ExpressionAttributeValues: values,
  };
  return { taken, fold };
}
