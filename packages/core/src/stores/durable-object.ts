/**
 * A store in Durable Objects of Cloudflare: exact at the edge, counters included.
 * @module
 */
import { GodwitError } from "../errors.ts";
import { checkCost, toLeaseTime } from "./counters.ts";
import type { Answered, Asked } from "./durable-object-class.ts";
import { call, failed, type RemoteOptions, Transient } from "./remote.ts";
import type { CounterStore, OpenStore, Store, StoreDriver, Taken } from "./store.ts";
import { checkKey, isOver, limitOf, toKept, toMetadata, toValue } from "./value.ts";

/** A type and no interface: JSON is an index signature. */
export type DurableObjectOptions = {
  binding: string;
} & RemoteOptions;

/**
 * Names the driver in `godwit.config.ts`. Values and leases are in one object, which answers about 1,000 requests a
 * second (developers.cloudflare.com/durable-objects/platform/limits); each counter's key has an object of its own, near
 * to who counted first. The build puts the class into the Worker, the deploy makes its namespace. It knows the algorithms
 * of `@godwit/core/rate-limit`, and none of an app's own.
 *
 * @example stores: { main: { cloudflare: durableObject("STATE") } }
 */
export function durableObject(binding: string, options: RemoteOptions = {}): StoreDriver {
  return {
    module: "@godwit/core/stores/durable-object",
    options: { ...options, binding },
    guarantees: { reads: "exact", durable: true, maxValue: MAX_VALUE, minTtl: 0, list: "exact", counters: "exact" },
    runtimes: ["workerd"],
    resources: [
      {
        kind: "durable-object",
        name: binding,
        spec: { class: "GodwitStore", module: "@godwit/core/stores/durable-object-class", storage: "sqlite" },
      },
    ],
  };
}

/** A row is at most 2 MB: the key and the metadata are in it too. */
const MAX_VALUE = 1_997_952;

/** The part of a namespace that is used. */
interface Namespace {
  idFromName(name: string): unknown;
  get(id: unknown): { fetch(url: string, init: RequestInit): Promise<Response> };
}

/** Throws STORE_BINDING_MISSING where the Worker has no such namespace. */
export function open({ binding, ...options }: DurableObjectOptions, { name, bindings }: OpenStore): Store {
  const namespace = bindings[binding] as Namespace | undefined; // the build declares it
  if (typeof namespace?.idFromName !== "function") {
    throw new GodwitError(
      "STORE_OBJECT_MISSING",
      `The store "${name}" is durableObject("${binding}"), and this Worker has no Durable Object bound as ${binding}. Build and deploy it with godwit, or bind it.`,
    );
  }
  /** `attempts`: 1 where what is done twice is not what was asked for. */
  const ask = (object: string, asked: Asked, body?: Uint8Array<ArrayBuffer>, attempts = options.attempts) =>
    call(name, { ...options, attempts }, async (signal) => {
      try {
        // A stub that failed once may be broken: each attempt has its own.
        const stub = namespace.get(namespace.idFromName(object));
        const headers = { godwit: encodeURIComponent(JSON.stringify(asked)) };
        const response = await stub.fetch("http://store/", { method: "POST", headers, body: body ?? null, signal });
        const bytes = new Uint8Array(await response.arrayBuffer());
        const told = decodeURIComponent(response.headers.get("godwit") ?? "%7B%7D");
        if (response.ok) return { bytes, told: JSON.parse(told) as Answered }; // the class wrote it
        throw failed(name, `${binding} answered ${response.status}`);
      } catch (error) {
        if (error instanceof GodwitError) throw error;
        throw toFailure(name, error);
      }
    });
  /** Beside counters, whose names begin with a colon. */
  const VALUES = "values";
  const counters: CounterStore = {
    async take(key, rules, cost = 1): Promise<Taken> {
      checkKey(key);
      const sent = rules.map(({ algorithm, ...rule }) => {
        checkCost(rule.cost ?? cost);
        return { ...rule, algorithm: algorithm.name };
      });
      const { told } = await ask(`:${key}`, { do: "take", rules: sent, cost }, undefined, 1);
      if (told.taken) return told.taken;
      throw new GodwitError(
        "STORE_ALGORITHM_UNKNOWN",
        `The store "${name}" counts in a Durable Object, which does not know the algorithm "${told.unknown}". Take one of @godwit/core/rate-limit.`,
      );
    },
    async lease(key, ttl) {
      checkKey(key);
      const { told } = await ask(VALUES, { do: "lease", key, time: toLeaseTime(ttl) }, undefined, 1);
      const { token } = told;
      if (token === undefined) return undefined;
      return {
        token,
        async release() {
          await ask(VALUES, { do: "release", key, token });
        },
      };
    },
  };
  return {
    counters,
    async get(key) {
      const { bytes, told } = await ask(VALUES, { do: "get", key: checkKey(key) });
      return told.found && !isOver(told.expires) ? toValue(bytes, told.metadata) : undefined;
    },
    async set(key, value, given) {
      const { bytes, metadata, expires } = toKept(value, given, MAX_VALUE);
      await ask(VALUES, { do: "set", key: checkKey(key), metadata, expires }, bytes);
    },
    async delete(key) {
      await ask(VALUES, { do: "delete", key: checkKey(key) });
    },
    async list(given = {}) {
      const { prefix = "", cursor } = given;
      const limit = limitOf(given);
      const { bytes } = await ask(VALUES, { do: "list", prefix, cursor, limit: limit + 1 });
      const rows = JSON.parse(new TextDecoder().decode(bytes)) as [string, string | null, number | null][]; // as the class writes it
      const page = rows.slice(0, limit);
      return {
        keys: page
          .filter(([, , expires]) => !isOver(expires))
          .map(([key, metadata]) => ({ key, ...toMetadata(metadata) })),
        cursor: rows.length > limit ? page.at(-1)?.[0] : undefined,
      };
    },
  };
}

/** developers.cloudflare.com/durable-objects/best-practices/error-handling */
function toFailure(store: string, error: unknown): Error {
  const { retryable, overloaded, message } = Object(error) as {
    // members of workerd's own errors
    retryable?: boolean;
    overloaded?: boolean;
    message?: string;
  };
  const what = String(message ?? error);
  // More requests make an object that has too many no faster.
  return retryable && !overloaded ? new Transient(what, { cause: error }) : failed(store, what, error);
}
