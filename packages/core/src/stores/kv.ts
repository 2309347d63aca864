/**
 * A store in Cloudflare's Workers KV.
 * @module
 */
import { GodwitError } from "../errors.ts";
import type { KeyValueStore, OpenStore, StoreDriver } from "./store.ts";
import { checkKey, isOver, limitOf, toKept, toMetadata, toValue } from "./value.ts";

/** A type and no interface: JSON is an index signature. */
export type KvOptions = {
  binding: string;
};

/**
 * Names the driver in `godwit.config.ts`. The namespace becomes a binding of the Worker; an id for it may be given
 * under `cloudflare.kv`, else the deploy makes one. Reads are cached for up to 60 seconds at each of Cloudflare's
 * locations, and a key takes one write a second (developers.cloudflare.com/kv/platform/limits).
 *
 * @example stores: { main: { cloudflare: kv("LINKS") } }
 */
export function kv(binding: string): StoreDriver {
  const options: KvOptions = { binding };
  return {
    module: "@godwit/core/stores/kv",
    options,
    guarantees: { reads: "eventual", durable: true, maxValue: MAX_VALUE, minTtl: 60, list: "eventual" },
    runtimes: ["workerd"],
    resources: [{ kind: "kv", name: binding, spec: {} }],
  };
}

const MAX_VALUE = 26_214_400;

/** Beside each value: KV itself expires no sooner than after 60 seconds. */
interface Beside {
  /** The app's metadata, as JSON. */
  m?: string;
  /** When it is over, in milliseconds since 1970. */
  e?: number;
}

/** The part of a KV namespace that is used. */
interface Namespace {
  getWithMetadata(key: string, type: "arrayBuffer"): Promise<{ value: ArrayBuffer | null; metadata: Beside | null }>;
  put(key: string, value: Uint8Array, options: { expirationTtl?: number; metadata: Beside }): Promise<void>;
  delete(key: string): Promise<void>;
  list(options: {
    prefix: string;
    limit: number;
    cursor?: string;
  }): Promise<{ keys: { name: string; metadata?: Beside | null }[]; cursor?: string; list_complete: boolean }>;
}

/** Throws STORE_BINDING_MISSING where the Worker has no such namespace. */
export function open({ binding }: KvOptions, { name, bindings }: OpenStore): KeyValueStore {
  const namespace = bindings[binding] as Namespace | undefined; // the build declares it
  if (typeof namespace?.getWithMetadata !== "function") {
    throw new GodwitError(
      "STORE_BINDING_MISSING",
      `The store "${name}" is kv("${binding}"), and this Worker has no KV namespace bound as ${binding}. Build and deploy it with godwit, or bind it.`,
    );
  }
  return {
    async get(key) {
      const { value, metadata } = await namespace.getWithMetadata(checkKey(key), "arrayBuffer");
      return value && !isOver(metadata?.e) ? toValue(new Uint8Array(value), metadata?.m) : undefined;
    },
    async set(key, value, options) {
      const { bytes, metadata: m, expires: e } = toKept(value, options, MAX_VALUE);
      await namespace.put(checkKey(key), bytes, {
        metadata: { m, e },
        ...(options?.ttl !== undefined && { expirationTtl: Math.max(60, Math.ceil(options.ttl)) }),
      });
    },
    async delete(key) {
      await namespace.delete(checkKey(key));
    },
    async list(options = {}) {
      const { prefix = "", cursor } = options;
      const page = await namespace.list({ prefix, limit: limitOf(options), ...(cursor !== undefined && { cursor }) });
      return {
        keys: page.keys
          .filter(({ metadata }) => !isOver(metadata?.e))
          .map(({ name: key, metadata }) => ({ key, ...toMetadata(metadata?.m) })),
        cursor: page.list_complete ? undefined : page.cursor,
      };
    },
  };
}
