/**
 * In the process of a function: its HTTP server and its line to the emulator.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createServer, type RequestListener } from "node:http";
import { type CacheClient, createCacheClient } from "./cache-client.ts";
import type { ChildMessage, ChildOptions, ParentMessage } from "./protocol.ts";
import type { CacheCall } from "./runtime-cache.ts";

export function readOptions(): ChildOptions {
  return JSON.parse(process.argv[2] ?? "{}"); // the emulator's own words
}

export function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

const send = (message: ChildMessage): void => {
  process.send?.(message);
};

/** Listens, and says so. `startup` is the CPU that starting took, where it is not the whole process's. */
export function listen(handler: RequestListener, startup?: number): void {
  process.on("message", ({ kind, id }: ParentMessage) => {
    if (kind === "cpu") send({ kind, id, cpu: cpu() });
  });
  const server = createServer({ maxHeaderSize: 128 * 1024, requestTimeout: 0 }, handler);
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (address && typeof address === "object") send({ kind: "ready", port: address.port, cpu: startup ?? cpu() });
  });
}

/** Ends with the emulator, whatever becomes of it; reports what keeps a function from starting. */
export function run(start: () => Promise<void>): void {
  process.on("disconnect", () => process.exit(0));
  start().catch((error: unknown) => {
    console.error(error);
    send({ kind: "failed" });
  });
}

/** Asks the emulator, which holds the one cache of all functions. */
function createAsk(): (call: CacheCall) => Promise<string | undefined> {
  const asked = new Map<number, (text: string | undefined) => void>();
  let count = 0;
  process.on("message", (message: ParentMessage) => {
    if (message.kind !== "cache") return;
    asked.get(message.id)?.(message.text);
    asked.delete(message.id);
  });
  return (call) =>
    new Promise((resolve) => {
      const id = ++count;
      asked.set(id, resolve);
      send({ kind: "cache", id, call });
    });
}

export interface RequestStore {
  waitUntil(promise: Promise<unknown>): void;
}

/** What Vercel's launchers put at `Symbol.for("@vercel/request-context")`; `parse` is that of the function's realm. */
export function createRequestContext(parse?: (text: string) => unknown): {
  get(): (RequestStore & { cache: CacheClient }) | undefined;
  run<T>(work: () => T): T;
  store: RequestStore;
} {
  const storage = new AsyncLocalStorage<RequestStore & { cache: CacheClient }>();
  const store: RequestStore = {
    waitUntil(promise) {
      Promise.resolve(promise).catch((error: unknown) => console.error(error));
    },
  };
  const whole = { ...store, cache: createCacheClient(createAsk(), parse) };
  return { get: () => storage.getStore(), run: (work) => storage.run(whole, work), store };
}
