/**
 * The one place that joins match, chain and errors.
 * @module
 */
import { compose, type Link } from "./compose.ts";
import { type AppState, RequestContext } from "./context.ts";
import { HttpError, problem } from "./errors.ts";
import { errorFields } from "./log.ts";
import { dispatch } from "./methods.ts";
import type {
  App,
  Context,
  Env,
  EnvDefinition,
  ExecutionContext,
  Handler,
  Match,
  Matched,
  Middleware,
  Route,
} from "./types.ts";

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
}

/**
 * Makes an app of a match function. Its `fetch` never rejects, and needs no server to be tested.
 *
 * @example
 * const app = createApp(onePattern(["hello"], { pattern: "/hello", module: { GET: () => new Response("hi") }, middleware: [] }));
 * await app.fetch(new Request("http://localhost/hello"));
 */
export function createApp(match: Match, options: AppOptions = {}): App {
  const recover = createRecover(options);
  const links = new Map<Route, Link>();
  const state: AppState = { env: createEnv(options.env), shared: new Map() };
  const atRoot = (handler: Handler) => compose(options.middleware ?? [], handler, recover);
  const missing = atRoot(options.notFound ?? notFound);

  async function linkOf(route: Route): Promise<Link> {
    const module = typeof route.module === "function" ? await route.module() : route.module;
    const link = compose(route.middleware, dispatch(module), recover);
    links.set(route, link);
    return link;
  }

  async function answer(request: Request, context: RequestContext): Promise<Response> {
    let matched: Matched | undefined;
    let link: Link;
    try {
      // The env is checked before any handler runs: a wrong one fails every request alike.
      if (options.env) void context.env;
      matched = match(pathOf(request.url));
      if (matched) {
        context.route = matched.route.pattern;
        context.params = matched.params;
        link = links.get(matched.route) ?? (await linkOf(matched.route));
      } else {
        link = missing;
      }
    } catch (error) {
      link = atRoot(() => {
        throw error;
      });
    }
    return link(request, context);
  }

  return {
    async fetch(request, execution = localExecution()) {
      const response = await answer(request, new RequestContext(request, execution, state));
      if (request.method !== "HEAD" || !response.body) return response;
      // RFC 9110 section 9.3.2: the same answer without its content.
      response.body.cancel().catch(() => {});
      return new Response(null, response);
    },
  };
}

/** The pathname of an absolute URL as the URL parser wrote it. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const query = url.indexOf("?", start);
  const hash = url.indexOf("#", start);
  const end = query < 0 ? hash : hash < 0 ? query : Math.min(query, hash);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

const notFound: Handler = () => {
  throw new HttpError(404);
};

function createRecover(options: AppOptions) {
  return async (error: unknown, request: Request, context: Context): Promise<Response> => {
    if (error instanceof HttpError) return problem(error.status, error.options);
    context.log.error("unhandled error", errorFields(error));
    if (options.error) {
      try {
        return await options.error(request, context);
      } catch (second) {
        context.log.error("_error.ts failed", errorFields(second));
      }
    }
    return problem(500, options.dev ? { detail: String(error), extensions: errorFields(error) } : {});
  };
}

/** One parse an env object: a platform hands the same one to every request of an instance. */
function createEnv(definition: EnvDefinition | undefined): AppState["env"] {
  let raw: unknown;
  let parsed: { env: Env } | undefined;
  return (given) => {
    if (!parsed || raw !== given) {
      const values = (given ?? {}) as Record<string, unknown>; // bindings are an object on every platform
      parsed = { env: (definition ? definition.parse(values) : values) as Env }; // Register ties Env to env.ts
      raw = given;
    }
    return parsed.env;
  };
}

/** For tests: no bindings, and background work that goes on by itself. */
function localExecution(): ExecutionContext {
  return { env: {}, waitUntil: () => {}, platform: { name: "local", raw: undefined } };
}
