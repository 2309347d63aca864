/**
 * The context of one request. Its parts are computed when they are read.
 * @module
 */
import { createLogger } from "./log.ts";
import type { Context, Env, ExecutionContext, Geo, Key, Logger, Params, Trigger } from "./types.ts";

/**
 * Names a value that middleware hands to handlers, or an object of the app's. Make one a module, outside functions.
 *
 * @example
 * const user = createKey<User>("user");
 * context.set(user, found);
 */
export function createKey<T>(name: string): Key<T> {
  return { name };
}

/** What every context of an app shares. */
export interface AppState {
  env(raw: unknown): Env;
  shared: Map<Key<unknown>, unknown>;
}

export class RequestContext implements Context {
  params: Params = {};
  route = "";
  error?: unknown;
  /** Set by `openStores`, in functions that use a store. */
  declare store: Context["store"];
  #request: Request;
  #execution: ExecutionContext;
  #app: AppState;
  #url?: URL;
  #id?: string;
  #signal?: AbortSignal;
  #log?: Logger;
  #values?: Map<Key<unknown>, unknown>;

  constructor(request: Request, execution: ExecutionContext, app: AppState) {
    this.#request = request;
    this.#execution = execution;
    this.#app = app;
  }

  get url(): URL {
    this.#url ??= new URL(this.#request.url);
    return this.#url;
  }
  get env(): Env {
    return this.#app.env(this.#execution.env);
  }
  /** The raw bindings, for mounted fetch apps. */
  get bindings(): unknown {
    return this.#execution.env;
  }
  get ip(): string | undefined {
    return this.#execution.ip;
  }
  get geo(): Geo | undefined {
    return this.#execution.geo;
  }
  get requestId(): string {
    this.#id ??= this.#execution.requestId ?? crypto.randomUUID();
    return this.#id;
  }
  set requestId(id: string) {
    this.#id = id;
  }
  get signal(): AbortSignal {
    return this.#signal ?? this.#request.signal;
  }
  set signal(signal: AbortSignal) {
    this.#signal = signal;
  }
  get log(): Logger {
    this.#log ??= createLogger({ requestId: this.requestId, route: this.route });
    return this.#log;
  }
  set log(log: Logger) {
    this.#log = log;
  }
  get platform(): { name: string; raw: unknown } {
    return this.#execution.platform;
  }
  get trigger(): Trigger {
    return this.#execution.trigger ?? "http";
  }

  shared<T>(key: Key<T>, open: () => T): T {
    const { shared } = this.#app;
    if (!shared.has(key)) shared.set(key, open());
    return shared.get(key) as T; // set above, under this very key
  }
  get<T>(key: Key<T>): T | undefined {
    return this.#values?.get(key) as T | undefined; // only set<T>(key: Key<T>) writes here
  }
  set<T>(key: Key<T>, value: T): void {
    this.#values ??= new Map();
    this.#values.set(key, value);
  }
  waitUntil(promise: Promise<unknown>): void {
    this.#execution.waitUntil(Promise.resolve(promise).catch((error) => this.log.error("waitUntil failed", { error })));
  }
}
