/**
 * What a store is, and what a driver of one tells of itself. Types only.
 * @module
 */
import type { Algorithm, Rule, Step } from "../rate-limit/algorithm.ts";

/** A value of JSON. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/**
 * Values by key, on whatever the config names for the platform. Keys are 1 to 512 bytes of UTF-8 and neither `.` nor
 * `..`. Values are bytes: a string is kept as its UTF-8.
 *
 * Every method rejects with `STORE_KEY_INVALID`, `STORE_VALUE_INVALID` (a value, TTL or metadata that no store takes)
 * or what the backend itself says.
 */
export interface KeyValueStore {
  /** Undefined where there is none, or where its time is over, however coarsely the backend itself expires. */
  get(key: string): Promise<StoredValue | undefined>;
  /** Puts a value in the place of whatever was there, its TTL and metadata included. */
  set(key: string, value: string | Uint8Array, options?: SetOptions): Promise<void>;
  /** A key that is not there is no error. */
  delete(key: string): Promise<void>;
  /** Keys in the order of their UTF-8 bytes, a page at a time. */
  list(options?: ListOptions): Promise<ListPage>;
}

export interface SetOptions {
  /** Seconds, more than 0; fractions count. Default: for ever. */
  ttl?: number;
  /** What `list` tells with the key: at most 512 bytes as JSON. */
  metadata?: Json;
}

/** A value as it was read. */
export interface StoredValue {
  /** The caller's own: writing into it changes no store. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly metadata?: Json;
  /** The bytes as UTF-8; what is none becomes U+FFFD. */
  text(): string;
  /** The text as JSON, of the type that the caller knows it to have. Throws a SyntaxError. */
  json<T = unknown>(): T;
}

export interface ListOptions {
  /** Default: all keys. */
  prefix?: string;
  /** 1 to 1000, which is the default. */
  limit?: number;
  /** That of the page before. */
  cursor?: string;
}

/** A page may hold fewer than `limit`, even none: go on for as long as there is a cursor. */
export interface ListPage {
  keys: { key: string; metadata?: Json }[];
  /** Where the next page begins; undefined after the last. */
  cursor?: string;
}

/** What `context.store(name)` gives. Not every driver has counters: its `guarantees.counters` says so. */
export type Store = KeyValueStore & { counters?: CounterStore };

/** Counters that change in one atomic step, however many ask at once. Their keys are apart from those of values. */
export interface CounterStore {
  /**
   * Takes `cost` units (default 1; below 0 gives back) by every rule, or by none. Time is the store's. The state of a
   * key belongs to the algorithms and windows of its rules in their order: other rules take another key. Rejects with
   * `STORE_KEY_INVALID`, or `STORE_COST_INVALID` for a cost that is no whole number.
   */
  take(key: string, rules: readonly CounterRule[], cost?: number): Promise<Taken>;
  /**
   * Holds a key for `ttl` seconds (fractions count); undefined where somebody holds it. Rejects with
   * `STORE_KEY_INVALID` or `STORE_LEASE_INVALID`.
   */
  lease(key: string, ttl: number): Promise<Lease | undefined>;
}

/** One limit: `{ algorithm: slidingWindow, limit: 100, window: 60_000 }`. */
export interface CounterRule extends Rule {
  algorithm: Algorithm;
  /** In the place of the call's. */
  cost?: number;
}

/** What a take gives. */
export interface Taken {
  /** Every rule allowed it. */
  allowed: boolean;
  /** In the order of the rules. Where the take was refused, those that allowed it tell what is left. */
  rules: Pick<Step, "allowed" | "remaining" | "reset" | "retryAfter">[];
}

export interface Lease {
  /**
   * Larger than that of any lease before it. Whoever is written to under a lease keeps the largest token it has seen
   * and refuses a smaller one, which is of a holder that slept through its time.
   */
  readonly token: number;
  /** Gives it up, unless somebody else holds it by now. */
  release(): Promise<void>;
}

/** A driver as the config names it: pure data, so that reading a config opens nothing. */
export interface StoreDriver {
  /** Whose `open` gives the store: `@godwit/core/stores/memory`. */
  module: string;
  /** Given to `open` as they are: JSON. */
  options: { [name: string]: Json };
  guarantees: StoreGuarantees;
  /** Runtimes that it works on. Default: all. */
  runtimes?: ("node" | "workerd" | "edge")[];
  /** What it needs from the cloud, for the manifest. */
  resources?: { kind: string; name: string; spec: Record<string, unknown> }[];
  /** Variables that it reads from the platform's bindings: a stage gives them values as it does those of `env.ts`. */
  env?: { vars?: string[]; secrets?: string[] };
}

/** What a driver promises, as data. */
export interface StoreGuarantees {
  /**
   * Who sees a write: `instance` no one but the instance that wrote, which forgets when it ends; `region` every reader
   * of the same region or location; `exact` every reader from then on; `eventual` every reader some time later (until
   * then the old value).
   */
  reads: "instance" | "region" | "exact" | "eventual";
  /** It outlives the process. */
  durable: boolean;
  /** Bytes of the largest value. */
  maxValue: number;
  /** Seconds that the backend keeps a value at least, whatever its TTL. Nobody reads it for longer than the TTL. */
  minTtl: number;
  /** Whether `list` tells what is there: as `reads` does, or some time later, or not at all (STORE_UNLISTABLE). */
  list: "exact" | "eventual" | "none";
  /** Who shares its counters: `exact` every instance, no unit too many; `instance` each has its own. Absent: none. */
  counters?: "exact" | "instance";
}

/** What `open` of a driver is given beside its options. */
export interface OpenStore {
  /** The store's name in the config. */
  name: string;
  /** The platform's raw bindings and variables. */
  bindings: Record<string, unknown>;
}
