/**
 * The runtime half for Cloudflare: a module Worker around an app, and a dispatcher for an app of several Workers.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { App, Geo, Match, Trigger } from "@godwit/core/types";

/** What workerd gives beside the bindings. */
export interface WorkerContext {
  waitUntil(promise: Promise<unknown>): void;
}

/** The default export of a module Worker. */
export interface Worker {
  fetch(request: Request, env: object, context: WorkerContext): Promise<Response>;
}

/**
 * A Worker's `scheduled` handler. `cron` is the expression that fired, as the Worker's configuration writes it.
 * Rejects with `WORKER_SCHEDULE_UNKNOWN` or `WORKER_SCHEDULE_FAILED`, so that Cloudflare records the run as failed.
 */
export type Scheduled = (controller: { cron: string }, env: object, context: WorkerContext) => Promise<void>;

/**
 * A module Worker. Bindings are `context.platform.raw`; `cf-connecting-ip` and `cf-ray`, which Cloudflare's edge sets
 * on every request whatever the client sent, are `context.ip` and `context.requestId`; `request.cf` is `context.geo`.
 * developers.cloudflare.com/fundamentals/reference/http-headers
 *
 * `trigger` is what `context.trigger` says, "http" by default. An entrypoint that only a service binding reaches may
 * say "schedule": the named exports of a Worker have no public address.
 *
 * @example
 * export default toWorker(app);
 * export const schedule = toWorker(app, "schedule");
 */
export function toWorker(app: App, trigger?: Trigger): Worker {
  return {
    async fetch(request, env, context) {
      const response = await app.fetch(request, {
        env,
        platform: { name: "cloudflare", raw: env },
        trigger,
        // Getters: each asks workerd across a boundary, and few requests need them.
        get ip() {
          return request.headers.get("cf-connecting-ip") ?? undefined;
        },
        get requestId() {
          return request.headers.get("cf-ray") ?? undefined;
        },
        get geo() {
          return (request as { cf?: Geo }).cf; // workerd's own member, which the web's Request type lacks
        },
        waitUntil: (promise) => context.waitUntil(promise),
      });
      return response.headers.get("content-encoding") === "gzip" && response.body && !response.url
        ? encodedOnce(response, response.body)
        : response;
    },
  };
}

/**
 * workerd compresses a body by its Content-Encoding, unless `encodeBody` says that this has been done. What came from
 * `fetch()` it has decoded, and `new Response(answer.body, answer)` of that must be compressed again: what the bytes
 * begin with tells the two apart (RFC 1952 section 2.3.1). Brotli has no such mark, and is left to the app.
 * developers.cloudflare.com/workers/runtime-apis/response
 */
async function encodedOnce(response: Response, body: ReadableStream<Uint8Array>): Promise<Response> {
  const [beginning, whole] = body.tee();
  const reader = beginning.getReader();
  const { value = [] } = await reader.read();
  reader.cancel().catch(() => {});
  const { status, statusText, headers } = response;
  const init: ResponseInit & { encodeBody: "manual" } = { status, statusText, headers, encodeBody: "manual" }; // not in lib.dom
  return new Response(whole, value[0] === 0x1f && value[1] === 0x8b ? init : response);
}

/**
 * The `scheduled` handler of a Worker: cron expression -> patterns of the routes whose GET it calls.
 *
 * @example export default { ...toWorker(app), scheduled: toScheduled(app, { "0 3 * * *": ["/cleanup"] }) };
 */
export function toScheduled(app: App, schedules: Record<string, readonly string[]>): Scheduled {
  const { fetch } = toWorker(app, "schedule");
  return ({ cron }, env, context) => fire(cron, schedules[cron], (request) => fetch(request, env, context));
}

export interface DispatcherOptions {
  /** The dispatcher's own function id: what stands behind that, it answers itself. */
  self: string;
}

/**
 * The Worker in front of an app of several Workers. A request goes through a service binding as it came, and the
 * answer comes back as it is, both streaming; what stands behind no other Worker is the dispatcher's own, 404s included.
 * `behind` gives a function's id as the route's pattern; the binding of `users` is `FN_USERS`.
 *
 * @example export default toDispatcher(app, behind, { self: "app" });
 */
export function toDispatcher(app: App, behind: Match | undefined, options: DispatcherOptions): Worker {
  const own = toWorker(app);
  return {
    fetch(request, env, context) {
      let id: string | undefined;
      try {
        id = behind?.(new URL(request.url).pathname)?.route.pattern;
      } catch {
        // A malformed path: the app answers 400 through its own middleware.
      }
      if (!id || id === options.self) return own.fetch(request, env, context);
      return serviceOf(env, `FN_${id.toUpperCase().replaceAll("-", "_")}`).fetch(request);
    },
  };
}

/**
 * The `scheduled` handler of a dispatcher. Its binding `GODWIT_SCHEDULES` is cron expression -> pattern -> name of the
 * binding to that Worker's entrypoint for schedules, `""` for a route of the dispatcher's own.
 *
 * @example export default { ...toDispatcher(app, behind, { self: "app" }), scheduled: toScheduledDispatcher(app) };
 */
export function toScheduledDispatcher(app: App): Scheduled {
  const own = toWorker(app, "schedule");
  return ({ cron }, env, context) => {
    const { GODWIT_SCHEDULES: schedules } = env as { GODWIT_SCHEDULES?: Record<string, Record<string, string>> }; // as emit writes it
    const bindings = schedules?.[cron] ?? {};
    return fire(cron, Object.keys(bindings), (request, pattern) => {
      const binding = bindings[pattern];
      return binding ? serviceOf(env, binding).fetch(request) : own.fetch(request, env, context);
    });
  };
}

interface Service {
  fetch(request: Request): Promise<Response>;
}

function serviceOf(env: object, binding: string): Service {
  const service = (env as Record<string, Service | undefined>)[binding]; // bindings are an object of the platform's
  if (!service)
    throw new GodwitError("WORKER_SERVICE_MISSING", `The Worker has no service binding ${binding}. Deploy again.`);
  return service;
}

/** Calls the GET of every route of a cron, all at once, and fails when one of them did. */
async function fire(
  cron: string,
  patterns: readonly string[] | undefined,
  get: (request: Request, pattern: string) => Promise<Response>,
): Promise<void> {
  if (!patterns?.length) throw new GodwitError("WORKER_SCHEDULE_UNKNOWN", `No route has the schedule "${cron}".`);
  const failures = await Promise.all(
    patterns.map(async (pattern) => {
      const response = await get(new Request(`http://localhost${pattern}`), pattern);
      // A body that nobody reads would stop the handler's work with the invocation.
      await response.body?.pipeTo(new WritableStream());
      return response.status < 400 ? "" : ` ${pattern} answered ${response.status}.`;
    }),
  );
  const failed = failures.join("");
  if (failed) throw new GodwitError("WORKER_SCHEDULE_FAILED", `The schedule "${cron}" failed:${failed}`);
}
