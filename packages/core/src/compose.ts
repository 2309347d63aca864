/**
 * Folds middleware around a handler, once.
 * @module
 */
import { GodwitError } from "./errors.ts";
import type { Context, Handler, Middleware } from "./types.ts";

/** Turns what was thrown into a Response; must not throw. */
export type Recover = (error: unknown, request: Request, context: Context) => Response | Promise<Response>;

/** An answer that is there at once is given at once: a promise costs the queue a turn. Does not throw or reject. */
export type Link = (request: Request, context: Context) => Response | Promise<Response>;

/**
 * Each layer answers for itself: what it throws becomes a Response right there, so that the layers outside still put
 * their headers on. A layer that gives neither a Response nor calls `next()` throws `NO_RESPONSE`; one that calls
 * `next()` twice with the same request throws `NEXT_CALLED_TWICE`.
 */
export function compose(middleware: readonly Middleware[], handler: Handler, recover: Recover): Link {
  const last = guard(handler, recover);
  return middleware.reduceRight<Link>((inner, layer) => guard(layer, recover, inner), last);
}

/** A handler is a layer with nothing inside, and never asks for what is there. */
function guard(layer: Middleware, recover: Recover, inner?: Link): Link {
  const fail = (error: unknown, request: Request, context: Context) => {
    context.error = error;
    return recover(error, request, context);
  };
  /** Given what a layer gave, or what is below where it gave nothing: that is an answer already, maybe a coming one. */
  const settle = (given: Response | Promise<Response> | undefined, request: Request, context: Context) => {
    try {
      if (given instanceof Promise) return given;
      return mustBeResponse(given, context, (inner as { method?: never } | undefined) ?? request); // a link has none
    } catch (error) {
      return fail(error, request, context);
    }
  };
  return (request, context) => {
    let below: Promise<Response> | undefined;
    try {
      const answer = layer(request, context, (other) => {
        if (below && !other) throw new GodwitError("NEXT_CALLED_TWICE", "next() again needs a Request of its own.");
        below = Promise.resolve((inner as Link)(other ?? request, context)); // a handler never calls it
        return below;
      });
      if (isResponse(answer)) return answer;
      // Not an async function: that costs a small request's middleware half as much again.
      return Promise.resolve(answer).then(
        (given) => settle(given ?? below, request, context),
        (error) => fail(error, request, context),
      );
    } catch (error) {
      return fail(error, request, context);
    }
  };
}

/**
 * Not by instanceof: a mounted app may answer with a Response class of its own. `Response.error()` has the status 0; a
 * client's answer object that was returned by mistake has a status and no Headers.
 */
function isResponse(value: unknown): value is Response {
  const given = value as Response | undefined; // or anything else: hence each member is asked for
  return (given?.status as number) > 100 && typeof given?.headers?.has === "function"; // undefined is not over 100
}

/**
 * Throws `NO_RESPONSE` for what no client can be sent. `asked`: the request of a handler, by whose method the
 * development server finds it, or what is inside a layer.
 */
export function mustBeResponse(value: Response | undefined, { route }: Context, asked?: { method?: string }): Response {
  if (isResponse(value)) return value;
  throw new GodwitError("NO_RESPONSE", `No Response: ${asked?.method ?? "middleware"} ${route}.`);
}
