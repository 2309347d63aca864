/**
 * The one place that joins match, chain and errors.
 * @module
 */
import { compose, type Link, mustBeResponse, type Recover } from "./compose.ts";
import { type AppState, RequestContext } from "./context.ts";
import { HttpError, problem } from "./errors.ts";
import { createLogger, errorAsData } from "./log.ts";
import { dispatch } from "./methods.ts";
import type { App, Env, EnvDefinition, Handler, Key, Match, Middleware, Route } from "./types.ts";

export interface AppOptions {
  /** The default export of `env.ts`. Parsed on the first request that an env reaches. */
  env?: EnvDefinition;
  /** The root middleware, for what no route matches. */
  middleware?: readonly Middleware[];
  /** The app's `_not-found.ts`. Default: a 404 problem document. */
  notFound?: Handler;
  /** The app's `_error.ts`: answers what is thrown and is not an HttpError; `context.error` holds it. */
  error?: Handler;
  /** Puts messages and stacks into problem documents. Default false: a client learns the status alone. */
  dev?: boolean;
  /** What `context.shared` keeps: apps that are swapped under one server hand it on. Default: a new one. */
  shared?: Map<Key<unknown>, unknown>;
  /** What `openStores` returns: gives a context its `store`. Without it there is none. */
  stores?(context: RequestContext): void;
}

/**
 * Makes an app of a match function. Its `fetch` never rejects, and needs no server to be tested.
 *
 * @example
 * const app = createApp(onePattern(["hello"], { pattern: "/hello", module: { GET: () => new Response("hi") }, middleware: [] }));
 * await app.fetch(new Request("http://localhost/hello"));
 */
export function createApp(match: Match, options: AppOptions = {}): App {
  const { middleware = [], notFound } = options;
  const recover = createRecover(options);
  const links = new Map<Route, Link>();
  const state: AppState = { env: createEnv(options.env), shared: options.shared ?? new Map() };
  let missed: HttpError | undefined;
  /** Also answers, inside the root middleware, what failed before a route was known. */
  const missing = compose(
    middleware,
    (request, context) => {
      if (notFound && !context.error) return notFound(request, context);
      // One for all, and not thrown: its stack tells nothing, and is what costs.
      context.error ??= missed ??= new HttpError(404);
      return recover(context.error, request, context);
    },
    recover,
  );

  async function linkOf(route: Route): Promise<Link> {
    const module = typeof route.module === "function" ? await route.module() : route.module;
    const link = compose(route.middleware, dispatch(module), recover);
    links.set(route, link);
    return link;
  }

  const fetch: App["fetch"] = async (
    request,
    // Tests may give none: then there are no bindings, and background work goes on by itself.
    execution = { env: {}, waitUntil() {}, platform: { name: "local", raw: undefined } },
  ) => {
    const context = new RequestContext(request, execution, state);
    options.stores?.(context);
    let link = missing;
    try {
      // The env is checked before any handler runs: a wrong one fails every request alike.
      if (options.env) void context.env;
      const matched = match(pathOf(request.url));
      if (matched) {
        const { route, params } = matched;
        context.route = route.pattern;
        context.params = params;
        link = links.get(route) ?? (await linkOf(route));
      }
    } catch (error) {
      context.error = error;
    }
    const answer = link(request, context);
    // An answer at hand needs no turn of the queue.
    let response = answer instanceof Promise ? await answer : answer;
    // The header first: a light Response makes its body's stream only when that is read.
    if (!response.headers.has("content-type") && response.body) {
      // Untyped bytes are octets (RFC 9110 section 8.3): said here, since fronts that fill the gap each guess another type.
      response = new Response(response.body, response);
      response.headers.set("content-type", "application/octet-stream");
    }
    if (request.method === "HEAD" && response.body) {
      // RFC 9110 section 9.3.2: the same answer without its content.
      response.body.cancel().catch(() => {});
      response = new Response(null, response);
    }
    execution.answer = response;
    return response;
  };
  fetch.direct = true;
  return { fetch };
}

/**
 * The pathname of an absolute http or https URL: a host ends at the first slash after 8. Workers hand over dot segments
 * as they were sent; the URL parser resolves them (URL Standard section 4.4).
 */
function pathOf(url: string): string {
  const path = url.slice(url.indexOf("/", 8));
  const end = path.search(/[?#]|\/(?:\.|%2e)/i);
  if (end < 0) return path;
  return path[end] === "/" ? new URL(url).pathname : path.slice(0, end);
}

function createRecover({ error: handler, dev }: AppOptions): Recover {
  const surprise: Recover = async (error, request, context) => {
    try {
      context.log.error("unhandled error", { error });
      if (handler) return mustBeResponse(await handler(request, context), context);
    } catch (second) {
      // Also a logger of the app's own that throws.
      createLogger({ route: context.route }).error("error handling failed", { error: second });
    }
    return problem(500, dev ? { detail: String(error), extensions: { error: errorAsData("", error) } } : {});
  };
  return (error, request, context) => {
    let cause = error;
    try {
      if (error instanceof HttpError) return problem(error.status, error.options);
    } catch (second) {
      // It has a header or an extension that no answer can carry.
      cause = second;
    }
    return surprise(cause, request, context);
  };
}

/** One parse an env object: a platform hands the same one to every request of an instance. */
function createEnv(definition: EnvDefinition | undefined): AppState["env"] {
  let raw: unknown;
  let env: Env | undefined;
  return (given) => {
    if (!env || raw !== given) {
      const values = (given ?? {}) as Record<string, unknown>; // bindings are an object on every platform
      env = (definition ? definition.parse(values) : values) as Env; // Register ties Env to env.ts
      raw = given;
    }
    return env;
  };
}
