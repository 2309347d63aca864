/**
 * A store in Cloudflare's Workers KV.
 * @module
 */
import { GodwitError } from "../errors.ts";
import { call, type RemoteOptions, Transient } from "./remote.ts";
import type { KeyValueStore, OpenStore, StoreDriver } from "./store.ts";
import { checkKey, isOver, limitOf, toKept, toMetadata, toValue } from "./value.ts";

/** A type and no interface: JSON is an index signature. */
export type KvOptions = {
  binding: string;
} & RemoteOptions;

/**
 * Names the driver in `godwit.config.ts`. The namespace becomes a binding of the Worker; an id for it may be given
 * under `cloudflare.kv`, else the deploy makes one. Reads are cached for up to 60 seconds at each of Cloudflare's
 * locations, and a key takes one write a second (developers.cloudflare.com/kv/platform/limits). `deadline` is 5,000
 * milliseconds by default: a value of 25 MiB takes its time.
 *
 * @example stores: { main: { cloudflare: kv("LINKS") } }
 */
export function kv(binding: string, remote: RemoteOptions = {}): StoreDriver {
  return {
    module: "@godwit/core/stores/kv",
    options: { ...remote, binding },
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
export function open(
  { binding, deadline = 5_000, ...remote }: KvOptions,
  { name, bindings }: OpenStore,
): KeyValueStore {
  const namespace = bindings[binding] as Namespace | undefined; // the build declares it
  if (typeof namespace?.getWithMetadata !== "function") {
    throw new GodwitError(
      "STORE_BINDING_MISSING",
      `The store "${name}" is kv("${binding}"), and this Worker has no KV namespace bound as ${binding}. Build and deploy it with godwit, or bind it.`,
    );
  }
  // All of it may be done twice.
  const use = <T>(work: () => Promise<T>): Promise<T> =>
    call(name, { ...remote, deadline }, async () => {
      try {
        return await work();
      } catch (error) {
        throw new Transient(String(error), { cause: error });
      }
    });
  return {
    async get(key) {
      checkKey(key);
      const { value, metadata } = await use(() => namespace.getWithMetadata(key, "arrayBuffer"));
      return value && !isOver(metadata?.e) ? toValue(new Uint8Array(value), metadata?.m) : undefined;
    },
    async set(key, value, options) {
      const { bytes, metadata: m, expires: e } = toKept(value, options, MAX_VALUE);
      checkKey(key);
      const ttl = options?.ttl !== undefined && { expirationTtl: Math.max(60, Math.ceil(options.ttl)) };
      await use(() => namespace.put(key, bytes, { metadata: { m, e }, ...ttl }));
    },
    async delete(key) {
      checkKey(key);
      await use(() => namespace.delete(key));
    },
    async list(options = {}) {
      const { prefix = "", cursor } = options;
      const asked = { prefix, limit: limitOf(options), ...(cursor !== undefined && { cursor }) };
      const page = await use(() => namespace.list(asked));
      return {
        keys: page.keys
          .filter(({ metadata }) => !isOver(metadata?.e))
          .map(({ name: key, metadata }) => ({ key, ...toMetadata(metadata?.m) })),
        cursor: page.list_complete ? undefined : page.cursor,
      };
    },
  };
}
