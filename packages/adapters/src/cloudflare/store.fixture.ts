/**
 * A store whose driver runs where it is made for: in workerd. What is asked of it in one turn travels in one request,
 * with this process's clock, so that a thousand calls at once are that there too.
 * @module
 */
import type { CounterStore, Lease, SetOptions, Store, StoredValue } from "@godwit/core/stores/store";
import { toValue } from "@godwit/core/stores/value";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

export interface HostedStore {
  /** The driver's module below `@godwit/core/stores/`. */
  driver: string;
  /** More of the Worker's source, such as classes. */
  source?: string;
  /** Options of miniflare. */
  options?: object;
  counters: boolean;
}

export interface Host {
  /** Opens with these options. */
  open(options: object): Store;
  close(): Promise<void>;
}

type Sent = [options: object, method: string, args: unknown[]];
type Answer = { value?: unknown; bytes?: string; error?: { code?: string; message: string } };

const WORKER = `import { Buffer } from "node:buffer";
const leases = new Map();
const opened = new Map();
const open1 = (options, env) => {
  const key = JSON.stringify(options);
  if (!opened.has(key)) opened.set(key, open(options, { name: "main", bindings: env }));
  return opened.get(key);
};
const run = async (store, method, args) => {
  if (method === "set") args[1] = new Uint8Array(Buffer.from(args[1], "base64"));
  if (method === "take") return store.counters.take(...args);
  if (method === "release") return leases.get(args.join()).release();
  if (method === "lease") {
    const lease = await store.counters.lease(...args);
    if (lease) leases.set([args[0], lease.token].join(), lease);
    return lease?.token;
  }
  return store[method](...args);
};
export default {
  async fetch(request, env) {
    const { now, calls } = await request.json();
    Date.now = () => now;
    return Response.json(await Promise.all(calls.map(async ([options, method, args]) => {
      try {
        const value = await run(open1(options, env), method, args);
        return method === "get" && value ? { value: value.metadata ?? null, bytes: Buffer.from(value.bytes).toString("base64") } : { value };
      } catch ({ code, message }) {
        return { error: { code, message } };
      }
    })));
  },
};`;

/** A Worker of this source, bundled, in workerd. */
export async function startWorker(contents: string, options: object): Promise<Miniflare> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    external: ["node:*"],
    format: "esm",
    write: false,
  });
  const script = outputFiles[0]?.text ?? "";
  return new Miniflare({ modules: true, script, compatibilityDate: "2026-07-30", ...options });
}

export async function hostStore({ driver, source = "", options = {}, counters: counts }: HostedStore): Promise<Host> {
  const contents = `import { open } from "@godwit/core/stores/${driver}";\n${source}\n${WORKER}`;
  const runtime = await startWorker(contents, { compatibilityFlags: ["nodejs_compat"], ...options });
  const url = await runtime.ready;
  let waiting: { sent: Sent; done(answer: Answer): void }[] = [];
  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    const body = JSON.stringify({ now: Date.now(), calls: batch.map(({ sent }) => sent) });
    const response = await fetch(url, { method: "POST", body });
    const answers = (await response.json()) as Answer[]; // as the Worker above writes it
    for (const [at, { done }] of batch.entries()) done(answers[at] ?? {});
  };
  const ask = (options: object, method: string, args: unknown[]): Promise<Answer> =>
    new Promise((resolve, reject) => {
      // JSON has no undefined, and what is null is no default.
      const sent: Sent = [options, method, args.at(-1) === undefined ? args.slice(0, -1) : args];
      if (waiting.length === 0) queueMicrotask(() => flush().catch(reject));
      waiting.push({
        sent,
        done: (answer) =>
          answer.error ? reject(Object.assign(new Error(answer.error.message), answer.error)) : resolve(answer),
      });
    });

  function open(given: object): Store {
    const counters: CounterStore = {
      take: async (key, rules, cost) => (await ask(given, "take", [key, rules, cost])).value as never, // what the driver's own take gave
      async lease(key, ttl) {
        const { value: token } = await ask(given, "lease", [key, ttl]);
        if (typeof token !== "number") return undefined;
        return { token, release: async () => void (await ask(given, "release", [key, token])) } satisfies Lease;
      },
    };
    return {
      ...(counts && { counters }),
      async get(key): Promise<StoredValue | undefined> {
        const { value, bytes } = await ask(given, "get", [key]);
        return bytes === undefined
          ? undefined
          : toValue(new Uint8Array(Buffer.from(bytes, "base64")), value === null ? undefined : JSON.stringify(value));
      },
      async set(key: string, value: string | Uint8Array, options?: SetOptions) {
        const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
        await ask(given, "set", [key, Buffer.from(bytes).toString("base64"), options]);
      },
      async delete(key) {
        await ask(given, "delete", [key]);
      },
      list: async (options) => {
        const { value } = await ask(given, "list", [options]);
        return { cursor: undefined, ...(value as object) } as never; // what the driver's own list gave
      },
    };
  }
  return { open, close: () => runtime.dispose() };
}
