/**
 * Decides the method inside a route, so that 405, HEAD and OPTIONS pass through the route's own middleware.
 * @module
 */
import type { RequestContext } from "./context.ts";
import { HttpError } from "./errors.ts";
import type { Handler, Method, RouteModule } from "./types.ts";

const METHODS: readonly Method[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"];

/** The methods a route answers, as `Allow` lists them (RFC 9110 section 10.2.1). */
function allowed(module: RouteModule): string {
  return METHODS.filter((method) => module[method] || method === "OPTIONS" || (method === "HEAD" && module.GET)).join(
    ", ",
  );
}

/** One handler for all methods of a route file: its own, HEAD from GET, OPTIONS, `default`, else 405 with Allow. */
export function dispatch(module: RouteModule): Handler {
  return (request, context) => {
    const method = request.method as Method; // a method outside the union finds nothing below
    const handler = (METHODS.includes(method) && module[method]) || (method === "HEAD" && module.GET);
    if (handler) return handler(request, context);
    const { default: rest } = module;
    if (typeof rest === "function") return rest(request, context);
    if (rest) {
      // A fetch app sees the full URL and the raw bindings, as it would alone on a Worker.
      const { bindings } = context as RequestContext; // every context of an app is one
      const waitUntil = (promise: Promise<unknown>) => context.waitUntil(promise);
      return rest.fetch(request, bindings, { waitUntil, passThroughOnException() {} });
    }
    const headers = { allow: allowed(module) };
    if (method === "OPTIONS") return new Response(null, { status: 204, headers });
    throw new HttpError(405, { headers });
  };
}
