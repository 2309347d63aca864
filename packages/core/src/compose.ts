/**
 * Folds middleware around a handler, once.
 * @module
 */
import { GodwitError } from "./errors.ts";
import type { Context, Handler, Middleware } from "./types.ts";

/** Turns what was thrown into a Response; must not throw. */
export type Recover = (error: unknown, request: Request, context: Context) => Response | Promise<Response>;

export type Link = (request: Request, context: Context) => Promise<Response>;

/**
 * Each layer answers for itself: what it throws becomes a Response right there, so that the layers outside still put
 * their headers on. A layer that gives neither a Response nor calls `next()` throws `NO_RESPONSE`; one that calls
 * `next()` twice with the same request throws `NEXT_CALLED_TWICE`.
 */
export function compose(middleware: readonly Middleware[], handler: Handler, recover: Recover): Link {
  return middleware.reduceRight<Link>(
    (inner, layer) =>
      guard(async (request, context) => {
        let below: Promise<Response> | undefined;
        const own = await layer(request, context, (other) => {
          if (below && !other) throw new GodwitError("NEXT_CALLED_TWICE", "next() again needs a Request of its own.");
          below = inner(other ?? request, context);
          return below;
        });
        return own ?? below;
      }, recover),
    guard(handler, recover),
  );
}

type Layer = (request: Request, context: Context) => Response | undefined | Promise<Response | undefined>;

function guard(layer: Layer, recover: Recover): Link {
  return async (request, context) => {
    try {
      return mustBeResponse(await layer(request, context), context);
    } catch (error) {
      context.error = error;
      return recover(error, request, context);
    }
  };
}

/**
 * Not by instanceof: a mounted app may answer with a Response class of its own. `Response.error()` has the status 0; a
 * client's answer object that was returned by mistake has a status and no Headers.
 */
export function mustBeResponse(value: Response | undefined, context: Context): Response {
  if (value && value.status > 100 && typeof value.headers?.has === "function") return value;
  throw new GodwitError("NO_RESPONSE", `No Response came from ${context.route || "middleware"}.`);
}
