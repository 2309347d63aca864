/**
 * A store in Redis over HTTP, as Upstash offers it: for every platform.
 * @module
 */
import { readText } from "../http/bytes.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { createRedisStore, type RedisLayout } from "./redis-store.ts";
import { type Reply, readVariable, Said, type Wire } from "./redis-wire.ts";
import { failed, pause, refused, Transient, unreachable } from "./remote.ts";
import type { OpenStore, Store, StoreDriver } from "./store.ts";

export interface UpstashOptions extends RedisLayout {
  /** The variable with the address. Default `UPSTASH_REDIS_REST_URL`. */
  url?: string;
  /** The variable with the token. Default `UPSTASH_REDIS_REST_TOKEN`. */
  token?: string;
  /**
   * The database has read regions: a read may be of one that has not heard of a write yet. An instance reads what it
   * wrote itself. Default false.
   */
  readRegions?: boolean;
}

/**
 * Names the driver in `godwit.config.ts`. It has no dependency. `redis()` on the same database sees the same values and
 * counters.
 *
 * @example stores: { main: { vercel: upstash(), cloudflare: upstash({ token: "STORE_TOKEN" }) } }
 */
export function upstash(options: UpstashOptions = {}): StoreDriver {
  const reads = options.readRegions ? "eventual" : "exact";
  return {
    module: "@godwit/core/stores/upstash",
    options: { ...options },
    guarantees: { reads, durable: true, maxValue: MAX_VALUE, minTtl: 0, list: reads, counters: "exact" },
    env: { vars: [options.url ?? URL_NAME], secrets: [options.token ?? TOKEN_NAME] },
  };
}

const URL_NAME = "UPSTASH_REDIS_REST_URL";
const TOKEN_NAME = "UPSTASH_REDIS_REST_TOKEN";
/** A request is at most 10 MB, and Base64 of Base64 takes sixteen bytes for nine. */
const MAX_VALUE = 5_242_880;
/** Bytes of an answer: `redis()` may have written a value of 25 MiB. */
const MAX_ANSWER = 67_108_864;

/** Throws STORE_VARIABLE_INVALID. */
export function open(
  { url = URL_NAME, token = TOKEN_NAME, readRegions: _, ...layout }: UpstashOptions,
  given: OpenStore,
): Store {
  const address = readVariable(given, url, /^https?:\/\/[^@]+$/, "an address such as https://name.upstash.io");
  const secret = readVariable(given, token, /^[\x21-\x7e]+$/, "the token of the database");
  const wire = createWire(given.name, address, secret, { from: token, deadline: layout.deadline ?? 1_000 });
  return createRedisStore(given.name, layout, { wire, most: MAX_VALUE, from: token });
}

function createWire(
  store: string,
  address: string,
  token: string,
  { from, deadline }: { from: string; deadline: number },
): Wire {
  // What this instance wrote it reads, also from a read region (upstash.com/docs/redis/howto/readyourwrites).
  let sync = "";
  return {
    toField,
    async send(words, { signal, again }) {
      const lost = (what: string) => (again ? new Transient(what) : unreachable(store, what));
      let response: Response;
      let text: string | undefined;
      try {
        response = await fetch(address, {
          method: "POST",
          body: JSON.stringify(words),
          headers: {
            authorization: `Bearer ${token}`,
            "content-type": "application/json",
            "upstash-encoding": "base64",
            "upstash-sync-token": sync,
          },
          // The token is for this address alone.
          redirect: "manual",
          signal,
        });
        text = await readText(response, MAX_ANSWER);
      } catch (error) {
        throw lost(`lost its connection before it answered: ${error}`);
      }
      const { status, headers } = response;
      sync = headers.get("upstash-sync-token") ?? sync;
      if (status === 401 || status === 403) throw refused(store, from);
      if (status === 429) {
        const time = 1000 * Number(headers.get("retry-after"));
        if (time > deadline) throw unreachable(store, `has had too many requests, and asks to wait ${time} ms`);
        if (time > 0) await pause(time, signal);
        throw new Transient("too many requests");
      }
      if (status > 501 && status < 505) throw lost(`answered ${status}`);
      if (text === undefined) throw failed(store, `it answered more than ${MAX_ANSWER} bytes`);
      return toReply(store, status, text);
    },
  };
}

function toReply(store: string, status: number, text: string): Reply {
  try {
    const answer = Object(JSON.parse(text)) as { result?: unknown; error?: unknown }; // or any other object
    if (typeof answer.error === "string") throw new Said(answer.error);
    if ("result" in answer) return decode(answer.result);
  } catch (error) {
    if (error instanceof Said) throw error;
  }
  throw failed(store, `it answered ${status}, and nothing that Upstash says`);
}

/** Texts come as Base64, but for `OK`. */
function decode(result: unknown): Reply {
  if (Array.isArray(result)) return result.map(decode);
  if (typeof result === "string") return result === "OK" ? new TextEncoder().encode(result) : fromBase64(result);
  return typeof result === "number" ? result : null;
}

/** JSON carries text. What is none, or has so much to escape that it would be longer, goes as Base64. */
function toField(bytes: Uint8Array): ["r" | "b", string] {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (JSON.stringify(text).length < 8 + (bytes.length * 4) / 3) return ["r", text];
  } catch {
    // no text
  }
  return ["b", toBase64(bytes)];
}
