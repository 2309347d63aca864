/**
 * The class of the Durable Objects behind a `durableObject()` store. The build exports it from the Worker in front; the
 * store's own functions do not hold it.
 * @module
 */
import { step as concurrency } from "../rate-limit/concurrency.ts";
import { step as fixedWindow } from "../rate-limit/fixed-window.ts";
import { step as gcra } from "../rate-limit/gcra.ts";
import { step as slidingWindow } from "../rate-limit/sliding-window.ts";
import { step as tokenBucket } from "../rate-limit/token-bucket.ts";
import { type States, takeAll } from "./counters.ts";
import type { CounterRule, Taken } from "./store.ts";

/** What the driver asks, in a header; a value's bytes are the body. */
export type Asked =
  | { do: "get" | "delete"; key: string }
  | { do: "set"; key: string; metadata: string | undefined; expires: number | undefined }
  | { do: "list"; prefix: string; cursor: string | undefined; limit: number }
  | { do: "take"; rules: SentRule[]; cost: number }
  | { do: "lease"; key: string; time: number }
  | { do: "release"; key: string; token: number };

/** Functions do not travel. */
export type SentRule = Omit<CounterRule, "algorithm"> & { algorithm: string };

/** What the object says, in a header; the value or the page is the body. */
export interface Answered {
  found?: boolean;
  metadata?: string | null;
  expires?: number | null;
  taken?: Taken;
  /** An algorithm that the class does not have. */
  unknown?: string;
  token?: number;
}

/** The part of the object's state that is used. */
interface State {
  storage: {
    sql: { exec(sql: string, ...values: unknown[]): { toArray(): Row[] } };
    setAlarm(time: number): Promise<void>;
    deleteAll(): Promise<void>;
  };
}

interface Row {
  key: ArrayBuffer;
  value: ArrayBuffer;
  metadata: string | null;
  expires: number | null;
  n: number;
}

/** Between two sweeps of what is over, in milliseconds: reads pass it over anyway. */
const SWEEP = 60_000;

/** The object is alone with its storage, and one request is one turn: what it reads nobody changes before it writes. */
export class GodwitStore {
  readonly #storage: State["storage"];
  /** When the next sweep is; undefined until this instance has asked for one. */
  #sweep: number | undefined;
  /** What this instance knows to be in the database. */
  #has = { table: false, index: false };
  /** Where counters and leases are: no byte of UTF-8 is 0xff, so that a prefix has an end too. */
  readonly #mark = new Uint8Array([0xff]);
  readonly #none = new Uint8Array();

  constructor({ storage }: State) {
    this.#storage = storage;
  }

  async fetch(request: Request): Promise<Response> {
    const asked = JSON.parse(decodeURIComponent(request.headers.get("godwit") ?? "")) as Asked; // the driver wrote it
    const body = await request.arrayBuffer();
    // No waiting from here on.
    const [told, bytes] = this.#do(asked, body);
    return new Response(bytes, { headers: { godwit: encodeURIComponent(JSON.stringify(told)) } });
  }

  async alarm(): Promise<void> {
    this.#sweep = undefined;
    this.#run("DELETE FROM entries WHERE expires <= ?", Date.now());
    const [left] = this.#run("SELECT min(expires) expires, count(*) n FROM entries");
    if (left?.expires) this.#sweepAt(left.expires);
    if (left?.n !== 0) return;
    // What holds nothing costs nothing.
    this.#has = { table: false, index: false };
    await this.#storage.deleteAll();
  }

  #do(asked: Asked, body: ArrayBuffer): [Answered, (BodyInit | null)?] {
    const now = Date.now();
    switch (asked.do) {
      case "get": {
        const row = this.#read(encode(asked.key));
        return row ? [{ found: true, metadata: row.metadata, expires: row.expires }, row.value] : [{}];
      }
      case "set":
        // Not in the objects of counters, where it would be a second write each time.
        if (!this.#has.index) {
          this.#run("CREATE INDEX IF NOT EXISTS expiry ON entries (expires) WHERE expires IS NOT NULL");
          this.#has.index = true;
        }
        this.#write(encode(asked.key), body, asked.metadata ?? null, asked.expires ?? null);
        return [{}];
      case "delete":
        this.#remove(encode(asked.key));
        return [{}];
      case "list": {
        const [from, after] = [encode(asked.prefix), encode(asked.cursor ?? "")];
        const page =
          "SELECT key, metadata, expires FROM entries WHERE key >= ? AND key < ? AND key > ? ORDER BY key LIMIT ?";
        const rows = this.#run(page, from, concat(from, this.#mark), after, asked.limit);
        const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
        return [{}, JSON.stringify(rows.map(({ key, metadata, expires }) => [decoder.decode(key), metadata, expires]))];
      }
      case "take": {
        const { steps, unknown } = toRules(asked.rules);
        if (unknown !== undefined) return [{ unknown }];
        const row = this.#read(this.#mark);
        const before = row?.metadata ? (JSON.parse(row.metadata) as States) : undefined; // as it was written below
        const { taken, states, ttl } = takeAll(before, now, steps, asked.cost);
        if (states && ttl > 0) this.#write(this.#mark, this.#none, JSON.stringify(states), now + ttl);
        else if (states && row) this.#remove(this.#mark);
        return [{ taken }];
      }
      case "lease": {
        const key = concat(this.#mark, encode(asked.key));
        if ((this.#read(key)?.expires ?? 0) > now) return [{}];
        const token = 1 + Number(this.#read(this.#mark)?.metadata ?? 0);
        this.#write(this.#mark, this.#none, String(token), null);
        this.#write(key, this.#none, String(token), now + asked.time);
        return [{ token }];
      }
      case "release": {
        const key = concat(this.#mark, encode(asked.key));
        if (this.#read(key)?.metadata === String(asked.token)) this.#remove(key);
        return [{}];
      }
    }
  }

  /** Keys are blobs: they compare by bytes. */
  #run(sql: string, ...values: unknown[]): Row[] {
    if (!this.#has.table) {
      this.#storage.sql.exec(
        "CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, value BLOB NOT NULL, metadata TEXT, expires REAL)",
      );
      this.#has.table = true;
    }
    return this.#storage.sql.exec(sql, ...values).toArray();
  }

  #read(key: Uint8Array): Row | undefined {
    return this.#run("SELECT value, metadata, expires FROM entries WHERE key = ?", key)[0];
  }

  #write(key: Uint8Array, value: ArrayBuffer | Uint8Array, metadata: string | null, expires: number | null): void {
    this.#run("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", key, value, metadata, expires);
    if (expires === null || (this.#sweep ?? Infinity) <= expires + SWEEP) return;
    // An instance that is new does not know what the one before it asked for: the first that is over says it.
    const [first] = this.#run("SELECT min(expires) expires FROM entries");
    this.#sweepAt(first?.expires ?? expires);
  }

  #sweepAt(expires: number): void {
    this.#sweep = Math.max(expires, Date.now()) + SWEEP;
    // Storage waits for itself.
    void this.#storage.setAlarm(this.#sweep);
  }

  #remove(key: Uint8Array): void {
    this.#run("DELETE FROM entries WHERE key = ?", key);
  }
}

function encode(key: string): Uint8Array {
  return new TextEncoder().encode(key);
}

function concat(one: Uint8Array, other: Uint8Array): Uint8Array {
  return new Uint8Array([...one, ...other]);
}

function toRules(rules: readonly SentRule[]): { steps: CounterRule[]; unknown?: string } {
  const known: Record<string, typeof gcra> = {
    concurrency,
    "fixed-window": fixedWindow,
    gcra,
    "sliding-window": slidingWindow,
    "token-bucket": tokenBucket,
  };
  const steps: CounterRule[] = [];
  for (const { algorithm: name, ...rule } of rules) {
    const step = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!step) return { steps, unknown: name };
    steps.push({ ...rule, algorithm: { name, step, lua: "" } });
  }
  return { steps };
}
