/**
 * The whole vocabulary of a Godwit app: types only, no code.
 * @module
 */
import type { ParamsOf } from "./pattern.ts";
import type { Store } from "./stores/store.ts";

export type * from "./stores/store.ts";

export type Params = Record<string, string | string[] | undefined>;

/**
 * Empty on purpose: the build augments it in `.godwit/types.d.ts`, so that `context.env` and the names of routes are
 * the app's own.
 *
 * @example
 * declare module "@godwit/core/types" { interface Register { env: { API_KEY: string } } }
 */
// biome-ignore lint/suspicious/noEmptyInterface: an augmentation point has to be an interface
export interface Register {}

export type Env = Register extends { env: infer E } ? E : Record<string, unknown>;

/** The patterns of the app's routes, once the build has written them down; else any string. */
export type RoutePattern = Register extends { routes: infer R extends string } ? R : string;

/** The names of the stores in the config, once the build has written them down; else any string. */
export type StoreName = Register extends { stores: infer S extends string } ? S : string;

/** Answers one request. The request is the platform's own; the context carries what a `Request` cannot. */
export type Handler<P extends string | Params = Params, E = Env> = (
  request: Request,
  context: Context<P, E>,
) => Response | Promise<Response>;

/** Wraps the handlers below it. It returns a Response, or calls `next()` and may return what that gives. */
export type Middleware<E = Env> = (
  request: Request,
  context: Context<Params, E>,
  next: Next,
) => Response | Promise<Response> | undefined | Promise<Response | undefined>;

/**
 * Runs the rest of the chain. It always resolves: what is thrown below has become a Response (`context.error` holds
 * the cause). It never re-routes. A second call throws unless it brings a Request of its own.
 */
export type Next = (request?: Request) => Promise<Response>;

/** What the platform gives with a request. Adapters make it; tests may leave it out. */
export interface ExecutionContext {
  /** The raw bindings: `process.env`, or a Worker's `env`. */
  env: unknown;
  /** The client's address as the platform vouches for it, never a header that a client can set. */
  ip?: string;
  geo?: Geo;
  /** The platform's own id of this request; without one, a random UUID is made on first use. */
  requestId?: string;
  /** "http" unless the platform itself started this call. No public request can obtain another value. */
  trigger?: Trigger;
  waitUntil(promise: Promise<unknown>): void;
  platform: { name: string; raw: unknown };
  /** Set by the app as soon as there is one. See {@link Fetch.direct}. */
  answer?: Response;
}

export type Trigger = "http" | "schedule";

export interface Context<P extends string | Params = Params, E = Env> {
  /** The request's URL, parsed on first use. */
  readonly url: URL;
  /** Decoded once per segment; `%2F` stays inside one. Rest parameters are arrays, an absent optional is undefined. */
  params: ParamsOf<P>;
  /** The pattern that matched, such as `/users/[id]`; `""` when nothing did. */
  route: string;
  /** What `env.ts` parsed; without one, the raw bindings. */
  readonly env: E;
  readonly ip?: string;
  readonly geo?: Geo;
  requestId: string;
  /** Aborts when the client goes away or the route's time is up. */
  signal: AbortSignal;
  log: Logger;
  /**
   * A store of `godwit.config.ts`, opened on first use. Throws STORE_UNKNOWN for another name. The method stays on its
   * context: `const { store } = context` is not seen by the build.
   */
  store(name: StoreName): Store;
  /** An object that lives as long as the app instance, opened on first use. */
  shared<T>(key: Key<T>, open: () => T): T;
  /** What was thrown below, once it has become a Response. */
  error?: unknown;
  get<T>(key: Key<T>): T | undefined;
  set<T>(key: Key<T>, value: T): void;
  /** Keeps the platform awake until the promise settles. A rejection is logged, never lost. */
  waitUntil(promise: Promise<unknown>): void;
  readonly platform: { name: string; raw: unknown };
  readonly trigger: Trigger;
}

/** Where the client seems to be, as far as the platform says. */
export interface Geo {
  country?: string;
  region?: string;
  city?: string;
  continent?: string;
  postalCode?: string;
  latitude?: string;
  longitude?: string;
  timezone?: string;
}

/** Names a value in a context. Two keys are never equal, even of one name. */
export interface Key<T> {
  readonly name: string;
  /** Carries T for the type checker alone. */
  readonly type?: T;
}

/** An Error among the values is written with its name, message, code, stack and cause. */
export type LogFields = Record<string, unknown>;

export type LogLevel = "debug" | "info" | "warn" | "error";

/** One JSON object a line. Each method takes a message and fields. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
}

export interface App {
  fetch: Fetch;
}

export interface Fetch {
  /** Never rejects: a failure is a Response. The second argument is the platform's; tests may leave it out. */
  (request: Request, execution?: ExecutionContext): Promise<Response>;
  /**
   * An `execution.answer` that is there when the function returns is what its promise gives: an adapter need not wait
   * for it. A function around this one lacks the mark, since it may change the answer.
   */
  direct?: boolean;
}

/** Anything with a `fetch` method: a Hono app, an h3 app, a Worker module. */
export interface FetchApp {
  fetch(request: Request, env?: unknown, context?: unknown): Response | Promise<Response>;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS" | "QUERY";

/** Spelt out, since TypeScript compares two Contexts by their patterns alone, and no two patterns are alike. */
type AnyContext = Omit<Context, "params"> & { params: Params };

/** A handler of whatever params: a method's parameters compare both ways, so `Handler<"/users/[id]">` is one. */
export type AnyHandler = { handle(request: Request, context: AnyContext): Response | Promise<Response> }["handle"];

/** The exports of a route file. */
export type RouteModule = { [M in Method]?: AnyHandler } & { default?: AnyHandler | FetchApp; config?: unknown };

/** One route as a generated entry hands it over. */
export interface Route {
  pattern: string;
  /** The file's exports, or a function that loads them on first use. */
  module: RouteModule | (() => Promise<RouteModule>);
  /** Outermost first. */
  middleware: readonly Middleware[];
}

export interface Matched {
  route: Route;
  params: Params;
}

/** Finds the route of an encoded pathname. Throws an HttpError (400) for a path that is not valid percent-encoding. */
export type Match = (pathname: string) => Matched | undefined;

/** What `defineEnv` returns; `env.ts` exports it as its default. */
export interface EnvDefinition<E = unknown> {
  /** Names of all variables, secrets included, sorted. */
  names: readonly string[];
  secrets: readonly string[];
  /** Throws one EnvError that lists every missing or wrong variable. */
  parse(raw: Record<string, unknown>): E;
}
