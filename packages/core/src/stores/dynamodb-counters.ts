/**
 * Exact counters in the table of a `dynamodb()` store: each change is one write on the condition that what it was
 * reckoned from is still there.
 * @module
 */
import { type States, takeAll, toLeaseTime } from "./counters.ts";
import { type Item, NotDone, type Send, toExpiry } from "./dynamodb-client.ts";
import { call, failed, type RemoteOptions } from "./remote.ts";
import type { CounterRule, CounterStore, Taken } from "./store.ts";
import { checkKey } from "./value.ts";

/** A counter as it was read or written last. */
interface Seen {
  states?: States;
  /** Another for each write; undefined where there is no item. */
  version?: string;
}

/** A take on its way. */
interface Asked {
  rules: readonly CounterRule[];
  cost: number;
  resolve(taken: Taken): void;
  reject(error: unknown): void;
}

/** A write whose answer did not come: what is there if it was done, and if it was not. */
interface Unsure {
  version: string | undefined;
  over: string | undefined;
  finish(): void;
}

/** Counters that an instance remembers: one that nobody else changed meanwhile costs no read. */
const MOST = 1_000;
/** Numbers in the states of one that is remembered. */
const MOST_NUMBERS = 64;
/** Seconds that a lease stays beyond its time: a late writer with an older token finds it. */
const SLACK = 60;

/**
 * What asks at once for one counter in this instance goes into one write; instances that meet at one counter try again,
 * for as long as the deadline lasts. The time is the instance's: DynamoDB has none to compare with.
 */
export function openCounters(store: string, options: RemoteOptions, send: Send): CounterStore {
  const lines = new Map<string, Asked[]>();
  const seen = new Map<string, Seen>();

  const remember = (key: string, state: Seen): void => {
    seen.delete(key);
    if ((state.states?.flat().length ?? 0) <= MOST_NUMBERS) seen.set(key, state);
    for (const oldest of seen.keys()) {
      if (seen.size <= MOST) break;
      seen.delete(oldest);
    }
  };

  /** One round of all that asked. */
  const settle = async (key: string, asked: readonly Asked[]): Promise<void> => {
    const Key: Item = { p: { S: `c:${key}` }, k: { S: "c" } };
    let known = seen.get(key);
    let unsure: Unsure | undefined;
    seen.delete(key);
    await call(store, options, async (signal) => {
      for (let misses = 0; ; misses++) {
        signal.throwIfAborted();
        const fresh = known === undefined;
        if (!known) {
          const { Item: item } = (await send("GetItem", { Key, ConsistentRead: true }, signal)) ?? {};
          known = item ? { states: JSON.parse(item.s?.S ?? "[]"), version: item.v?.S ?? "" } : {};
          if (unsure && unsure.version === known.version) {
            remember(key, known);
            return unsure.finish();
          }
          if (unsure && unsure.over !== known.version)
            throw failed(store, "an answer was lost, and others counted since");
          unsure = undefined;
        }
        const { states, version: over } = known;
        const round = reckon(asked, states);
        const version = round.expires === undefined ? undefined : crypto.randomUUID();
        const writes = round.states && (version !== undefined || over !== undefined);
        // What was remembered may be less than there is: somebody else gave back.
        if (!fresh && (round.isRefused || !writes)) {
          known = undefined;
          continue;
        }
        const condition =
          over === undefined
            ? { ConditionExpression: "attribute_not_exists(p)" }
            : { ConditionExpression: "v = :v", ExpressionAttributeValues: { ":v": { S: over } } };
        let written: unknown = true;
        try {
          if (writes && version !== undefined) {
            const s = { S: JSON.stringify(round.states) };
            const item = { ...Key, s, v: { S: version }, ...toExpiry(round.expires) };
            written = await send("PutItem", { Item: item, ...condition }, signal);
          } else if (writes) {
            written = await send("DeleteItem", { Key, ...condition }, signal);
          }
        } catch (error) {
          known = undefined;
          if (!(error instanceof NotDone)) unsure = { version, over, finish: round.finish };
          throw error;
        }
        if (written) {
          remember(key, round.states ? { states: round.states, version } : known);
          return round.finish();
        }
        known = undefined;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(100, 2 ** misses)));
      }
    });
  };

  /** Rounds until nobody asks. */
  const work = async (key: string): Promise<void> => {
    for (let asked = lines.get(key); asked?.length; asked = lines.get(key)) {
      lines.set(key, []);
      const all = asked;
      await settle(key, all).catch((error: unknown) => {
        for (const { reject } of all) reject(error);
      });
    }
    lines.delete(key);
  };

  return {
    async take(key, rules, cost = 1) {
      checkKey(key);
      return new Promise((resolve, reject) => {
        const asked = { rules, cost, resolve, reject };
        const line = lines.get(key);
        if (line) return void line.push(asked);
        lines.set(key, [asked]);
        void work(key);
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

/** All that asked, one after the other. `states` is undefined where nothing is to be written. */
function reckon(
  asked: readonly Asked[],
  before: States | undefined,
): { states?: States; expires?: number; isRefused: boolean; finish(): void } {
  const now = Date.now();
  let states: States | undefined;
  let expires: number | undefined;
  let isRefused = false;
  const answers = asked.map(({ rules, cost, resolve, reject }) => {
    try {
      const one = takeAll(states ?? before, now, rules, cost);
      isRefused ||= !one.taken.allowed;
      if (one.states) {
        states = one.states;
        expires = one.ttl > 0 ? now + one.ttl : undefined;
      }
      return () => resolve(one.taken);
    } catch (error) {
      return () => reject(error);
    }
  });
  const finish = () => {
    for (const answer of answers) answer();
  };
  return { ...(states && { states }), ...(expires !== undefined && { expires }), isRefused, finish };
}
