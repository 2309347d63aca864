/**
 * Exact counters in the file of a `sqlite()` store, however many processes count.
 * @module
 */
import { type States, takeAll, toLeaseTime } from "./counters.ts";
import type { Database } from "./sqlite.ts";
import type { CounterStore } from "./store.ts";
import { checkKey } from "./value.ts";

/** Takes between two sweeps of what is over. */
const SWEEP = 1_000;

interface Row {
  /** JSON: of a counter its states, of a lease its token. */
  states: string;
  expires: number;
}

/**
 * Each change is one IMMEDIATE transaction: the write lock comes before the read, so that nobody counts from what
 * another is about to change. The time is that of this machine, read under the lock.
 */
export function openCounters(database: Database): CounterStore {
  const read = database.prepare<Row>("SELECT states, expires FROM counters WHERE key = ?");
  const write = database.prepare("INSERT OR REPLACE INTO counters VALUES (?, ?, ?)");
  const remove = database.prepare("DELETE FROM counters WHERE key = ?");
  const sweep = database.prepare("DELETE FROM counters WHERE expires <= ?");
  let untilSweep = 0;
  /** No other statement runs in between: all of it is one turn. */
  const change = <T>(work: (now: number) => T): T => {
    database.exec("BEGIN IMMEDIATE");
    try {
      const now = Date.now();
      if (--untilSweep < 0) {
        untilSweep = SWEEP;
        sweep.run(now);
      }
      const result = work(now);
      database.exec("COMMIT");
      return result;
    } catch (error) {
      try {
        database.exec("ROLLBACK");
      } catch {
        // SQLite has rolled back by itself, as it does where the disk is full: the first error tells why.
      }
      throw error;
    }
  };
  // What a key counts and who leases it are apart: no byte of a key is 0xff.
  const encode = (prefix: number, key: string) => new Uint8Array([prefix, ...new TextEncoder().encode(key)]);
  const lastToken = new Uint8Array([0xff]);
  return {
    async take(key, rules, cost = 1) {
      const id = encode(0, checkKey(key));
      return change((now) => {
        const row = read.get(id);
        const before = row && (JSON.parse(row.states) as States); // as it was written below
        const { taken, states, ttl } = takeAll(before, now, rules, cost);
        if (states && ttl > 0) write.run(id, JSON.stringify(states), now + ttl);
        else if (states && row) remove.run(id);
        return taken;
      });
    },
    async lease(key, ttl) {
      const id = encode(1, checkKey(key));
      const time = toLeaseTime(ttl);
      return change((now) => {
        if ((read.get(id)?.expires ?? 0) > now) return undefined;
        const token = 1 + Number(read.get(lastToken)?.states ?? 0);
        write.run(lastToken, String(token), Number.MAX_VALUE);
        write.run(id, String(token), now + time);
        return {
          token,
          async release() {
            change(() => read.get(id)?.states === String(token) && remove.run(id));
          },
        };
      });
    },
  };
}
