/**
 * An app on Vercel's Edge runtime.
 * @module
 */
import type { App } from "@godwit/core/types";
import { createExecution, requestContext, type VercelRequestContext } from "./execution.ts";
import { triggerOf, type VercelOptions } from "./schedule.ts";

export type EdgeHandler = (request: Request, context?: VercelRequestContext) => Promise<Response>;

/**
 * Makes the default export of an Edge function: `(request, context) => Response`. Background work goes to the request
 * context, or to the second argument of older launchers; where there is neither, it holds the answer back.
 *
 * @example export default toEdge(app);
 */
export function toEdge(app: App, options: VercelOptions = {}): EdgeHandler {
  return async (request, given) => {
    const header = (name: string) => request.headers.get(name);
    const path = options.schedules ? new URL(request.url).pathname : "";
    const trigger = triggerOf(request.method, path, header, options);
    if (typeof trigger !== "string") return trigger;
    const context = requestContext();
    const keeper = context?.waitUntil ? context : given;
    const held: Promise<unknown>[] = [];
    const waitUntil = (promise: Promise<unknown>) =>
      keeper?.waitUntil ? keeper.waitUntil(promise) : void held.push(promise);
    const raw = { request, context: keeper };
    const response = await app.fetch(request, createExecution({ header, raw, waitUntil, trigger }));
    while (held.length) await Promise.all(held.splice(0));
    return response;
  };
}
