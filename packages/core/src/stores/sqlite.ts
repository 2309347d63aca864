/**
 * A store in a file, on the SQLite that Node has built in: it survives restarts, and several processes may share it.
 * @module
 */
import { GodwitError } from "../errors.ts";
import { openCounters } from "./sqlite-counters.ts";
import type { Json, OpenStore, Store, StoreDriver } from "./store.ts";
import { checkKey, isOver, limitOf, toKept, toMetadata, toValue } from "./value.ts";

export interface SqliteOptions {
  /**
   * The database, relative to where the process was started. Default: `<name>.sqlite` in the folder that the variable
   * `STORE_PATH` names, else in `.godwit/stores`.
   */
  file?: string;
}

/**
 * Names the driver in `godwit.config.ts`. Node alone has it.
 *
 * @example stores: { main: { node: sqlite() } }
 */
export function sqlite(options: SqliteOptions = {}): StoreDriver {
  return {
    module: "@godwit/core/stores/sqlite",
    options: { ...options },
    guarantees: { reads: "exact", durable: true, maxValue: MAX_VALUE, minTtl: 0, list: "exact", counters: "exact" },
    runtimes: ["node"],
  };
}

/** What Workers KV takes, so that an app that moves there keeps its values. */
const MAX_VALUE = 26_214_400;

/** Writes between two sweeps of what is over. */
const SWEEP = 100;

/** The part of `node:sqlite` that is used. */
export interface Database {
  exec(sql: string): void;
  prepare<R = Row>(
    sql: string,
  ): {
    run(...values: unknown[]): unknown;
    get(...values: unknown[]): R | undefined;
    all(...values: unknown[]): R[];
  };
}
interface Row {
  key: Uint8Array<ArrayBuffer>;
  value: Uint8Array<ArrayBuffer>;
  metadata: string | null;
  expires: number | null;
}
interface Builtins {
  "node:sqlite": { DatabaseSync: new (file: string) => Database };
  "node:fs": { mkdirSync(path: string, options: { recursive: true }): void };
  "node:path": { dirname(path: string): string; join(...parts: string[]): string };
}

/**
 * Opens the file, and makes it where it is missing. Throws STORE_SQLITE_MISSING on a runtime without `node:sqlite`,
 * STORE_OPEN_FAILED where the file cannot be opened.
 */
export function open({ file }: SqliteOptions, { name, bindings }: OpenStore): Store {
  const { dirname, join } = builtin("node:path");
  const folder =
    typeof bindings.STORE_PATH === "string" && bindings.STORE_PATH ? bindings.STORE_PATH : ".godwit/stores";
  const path = file ?? join(folder, `${name}.sqlite`);
  let database: Database;
  try {
    builtin("node:fs").mkdirSync(dirname(path), { recursive: true });
    database = new (builtin("node:sqlite").DatabaseSync)(path);
    prepare(database);
  } catch (cause) {
    if (cause instanceof GodwitError) throw cause;
    throw new GodwitError(
      "STORE_OPEN_FAILED",
      `The store "${name}" cannot be opened at ${path}: ${(cause as Error).message}. Give this process the right to write there, or name another folder in STORE_PATH.`, // SQLite and fs throw Errors alone
      { cause },
    );
  }
  // Keys are blobs: they compare by bytes, and no byte of UTF-8 is 0xff, so that a prefix has an end.
  const read = database.prepare("SELECT value, metadata, expires FROM entries WHERE key = ?");
  const write = database.prepare("INSERT OR REPLACE INTO entries VALUES (?, coalesce(?, x''), ?, ?)");
  const remove = database.prepare("DELETE FROM entries WHERE key = ?");
  const page = database.prepare(
    "SELECT key, metadata FROM entries WHERE key >= ? AND key < ? AND key > ? AND (expires IS NULL OR expires > ?) ORDER BY key LIMIT ?",
  );
  const sweep = database.prepare(
    `DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE expires <= ? LIMIT ${SWEEP * 10})`,
  );
  let untilSweep = SWEEP;
  const encode = (key: string) => new TextEncoder().encode(key);
  return {
    counters: openCounters(database),
    async get(key) {
      const row = read.get(encode(checkKey(key)));
      return row && !isOver(row.expires) ? toValue(row.value, row.metadata) : undefined;
    },
    async set(key, value, options) {
      const { bytes, metadata = null, expires = null } = toKept(value, options, MAX_VALUE);
      // A process that runs for months keeps no more than it can read.
      if (--untilSweep < 0) {
        untilSweep = SWEEP;
        sweep.run(Date.now());
      }
      write.run(encode(checkKey(key)), bytes, metadata, expires);
    },
    async delete(key) {
      remove.run(encode(checkKey(key)));
    },
    async list(options = {}) {
      const { prefix = "", cursor = "" } = options;
      const limit = limitOf(options);
      const end = new Uint8Array([...encode(prefix), 0xff]);
      const rows = page.all(encode(prefix), end, encode(cursor), Date.now(), limit + 1);
      const keys = rows.slice(0, limit).map(({ key, metadata }): { key: string; metadata?: Json } => ({
        key: new TextDecoder("utf-8", { ignoreBOM: true }).decode(key),
        ...toMetadata(metadata),
      }));
      return { keys, cursor: rows.length > limit ? keys.at(-1)?.key : undefined };
    },
  };
}

/** Writers wait for each other up to 5 seconds. What is over is swept here too: a read passes it over anyway. */
function prepare(database: Database): void {
  database.exec("PRAGMA busy_timeout = 5000");
  const end = Date.now() + 5_000;
  for (;;) {
    try {
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
        CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, value BLOB NOT NULL, metadata TEXT, expires REAL);
        CREATE INDEX IF NOT EXISTS expiry ON entries (expires) WHERE expires IS NOT NULL;
        CREATE TABLE IF NOT EXISTS counters (key BLOB PRIMARY KEY, states TEXT NOT NULL, expires REAL NOT NULL);
        CREATE INDEX IF NOT EXISTS spent ON counters (expires);
        DELETE FROM entries WHERE expires <= ${Date.now()}`);
      return;
    } catch (error) {
      // Two processes that make a file at once: SQLite does not wait for a lock to change the journal.
      // Where another one holds the lock it has waited already.
      if (Date.now() >= end || !/locked|busy/i.test(String(error))) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

function builtin<N extends keyof Builtins>(name: N): Builtins[N] {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } }; // core has no types of Node
  const found = process?.getBuiltinModule?.(name);
  if (found) return found as Builtins[N]; // by its name
  throw new GodwitError(
    "STORE_SQLITE_MISSING",
    `This runtime has no ${name}. The driver sqlite() needs Node 22.13 or newer: name another driver for this target.`,
  );
}
