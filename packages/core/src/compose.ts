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

/** One run of a layer: what `next()` gave it last. */
interface Turn {
  below?: Promise<Response>;
}

/** A handler is a layer with nothing inside, and is not given `next`. */
function guard(layer: Middleware, recover: Recover, inner?: Link): Link {
  const fail = (error: unknown, request: Request, context: Context) => {
    context.error = error;
    return recover(error, request, context);
  };
  const settle = async (answer: Answer, turn: Turn, request: Request, context: Context) => {
    try {
      return mustBeResponse((await answer) ?? (await turn.below), context);
    } catch (error) {
      return fail(error, request, context);
    }
  };
  return (request, context) => {
    const turn: Turn = {};
    try {
      const answer = layer(request, context, (other) => {
        if (turn.below && !other)
          throw new GodwitError("NEXT_CALLED_TWICE", "next() again needs a Request of its own.");
        turn.below = Promise.resolve((inner as Link)(other ?? request, context)); // a handler never calls it
        return turn.below;
      });
      return isResponse(answer) ? answer : settle(answer, turn, request, context);
    } catch (error) {
      return fail(error, request, context);
    }
  };
}

type Answer = ReturnType<Middleware>;

/**
 * Not by instanceof: a mounted app may answer with a Response class of its own. `Response.error()` has the status 0; a
 * client's answer object that was returned by mistake has a status and no Headers.
 */
function isResponse(value: unknown): value is Response {
  const given = value as Response | undefined; // or anything else: hence each member is asked for
  return (given?.status as number) > 100 && typeof given?.headers?.has === "function"; // undefined is not over 100
}

/** Throws `NO_RESPONSE` for what no client can be sent. */
export function mustBeResponse(value: Response | undefined, context: Context): Response {
  if (isResponse(value)) return value;
  throw new GodwitError("NO_RESPONSE", `No Response came from ${context.route || "middleware"}.`);
}
