/**
 * A store in Redis, whatever carries the commands there: one layout, so that drivers share a database.
 * @module
 */
import { fromBase64 } from "./base64.ts";
import { createRedisCounters } from "./redis-counters.ts";
import { DELETE, LIST, SET } from "./redis-scripts.ts";
import {
  isMissing,
  isPassing,
  type Reply,
  type Run,
  Said,
  toItems,
  toText,
  type Wire,
  type Word,
} from "./redis-wire.ts";
import { call, failed, type RemoteOptions, refused, Transient } from "./remote.ts";
import type { Json, Store } from "./store.ts";
import { checkKey, isOver, limitOf, toKept, toMetadata, toValue } from "./value.ts";

/** Values in Redis as a driver's options name them. */
export interface RedisLayout extends RemoteOptions {
  /** Before all keys of this store. Default: the store's name. Apps that share a database need one each. */
  prefix?: string;
}

/**
 * The keys of a store all have its prefix in braces, so that they lie in one slot of a cluster: `{main}:v:<key>` is a
 * hash with the value (`r` or `b`), its metadata `m` and its end `e`; `{main}:i` has the keys in order, `{main}:x` those
 * that expire by the time when they do; `{main}:c:<key>` is a counter, `{main}:l:<key>` a lease, `{main}:t` the last
 * token. `from` names the variable with the credential.
 */
export function createRedisStore(
  store: string,
  { prefix = store, ...remote }: RedisLayout,
  { wire, most, from }: { wire: Wire; most: number; from: string },
): Store {
  const at = (kind: string, key = "") => `{${prefix}}:${kind}${key}`;
  // Strings and no promises: on workerd a request must not wait for what another one began.
  const hashes = new Map<string, string>();
  /** `NOSCRIPT` alone is let through. */
  const send = async (words: Word[], signal: AbortSignal, again: boolean) => {
    try {
      return await wire.send(words, { signal, again });
    } catch (error) {
      if (!(error instanceof Said) || isMissing(error)) throw error;
      if (/^(?:NOAUTH|WRONGPASS|NOPERM|ERR (?:invalid password|AUTH))/.test(error.message)) throw refused(store, from);
      if (isPassing(error.message)) throw new Transient(error.message);
      throw failed(store, `Redis says ${error.message}`);
    }
  };
  const run: Run = (again, script, keys, words) =>
    call(store, remote, async (signal) => {
      const rest = [String(keys.length), ...keys, ...words];
      const hash = hashes.get(script) ?? (await toHash(script));
      hashes.set(script, hash);
      try {
        return await send(["EVALSHA", hash, ...rest], signal, again);
      } catch (error) {
        if (!isMissing(error)) throw error;
        return await send(["EVAL", script, ...rest], signal, again);
      }
    });
  return {
    counters: createRedisCounters(store, at, run),
    async get(key) {
      const words = ["HMGET", at("v:", checkKey(key)), "r", "b", "m", "e"];
      const [raw, base64, m, e] = toItems(store, await call(store, remote, (signal) => send(words, signal, true)));
      if (isOver(toEnd(e))) return undefined;
      if (base64 instanceof Uint8Array) return toValue(fromBase64(toText(base64)), toText(m) || null);
      // A copy: it may be part of a larger one.
      return raw instanceof Uint8Array ? toValue(new Uint8Array(raw), toText(m) || null) : undefined;
    },
    async set(key, value, options) {
      const keys = [at("v:", checkKey(key)), at("i"), at("x")];
      const { bytes, metadata = "", expires = "" } = toKept(value, options, most);
      // Who reads goes by its own clock. The server's is a second late, so that it never forgets too early.
      const ttl = options?.ttl === undefined ? "" : Math.ceil(options.ttl * 1000) + 1000;
      await run(true, SET, keys, [key, ...wire.toField(bytes), metadata, String(expires), String(ttl)]);
    },
    async delete(key) {
      await run(true, DELETE, [at("v:", checkKey(key)), at("i"), at("x")], [key]);
    },
    async list(options = {}) {
      const { prefix: begin = "", cursor } = options;
      const limit = limitOf(options);
      const start = cursor?.startsWith(begin) ? `(${cursor}` : `[${begin}`;
      const words = [start, begin, String(limit + 1), at("v:")];
      const found = toItems(store, await run(true, LIST, [at("i"), at("x")], words));
      const keys: { key: string; metadata?: Json }[] = [];
      let last: string | undefined;
      for (let index = 0; index < Math.min(found.length, 3 * limit); index += 3) {
        last = toText(found[index]);
        const metadata = toText(found[index + 1]) || null;
        if (!isOver(toEnd(found[index + 2]))) keys.push({ key: last, ...toMetadata(metadata) });
      }
      return { keys, cursor: found.length > 3 * limit ? last : undefined };
    },
  };
}

async function toHash(script: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(script)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function toEnd(reply: Reply | undefined): number | undefined {
  const text = toText(reply);
  return text ? Number(text) : undefined;
}
