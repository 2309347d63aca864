/**
 * Names every request, for logs and for the client that asks about one.
 * @module
 */
import { editHeaders } from "../http/headers.ts";
import type { Middleware } from "../types.ts";

export interface RequestIdOptions {
  /** The header of the answer, and of the request where that is trusted. Default `x-request-id`. */
  header?: string;
  /**
   * Takes the id from the request's header when it has 1 to 128 letters, digits and `-_.:+/=`. Default false: anyone
   * could write another's id, or a thousand of them, into the logs. Only behind a proxy that sets the header.
   */
  trust?: boolean;
  /** Makes an id. Default: the platform's own id of the request, or a random UUID. */
  generate?: () => string;
}

/**
 * Sets `context.requestId` and puts it on the answer. It stands outside the logger, so that lines carry the id.
 *
 * @example export default [requestId(), logger()];
 */
export function requestId(options: RequestIdOptions = {}): Middleware {
  const { header = "x-request-id", trust, generate } = options;
  return async function requestId(request, context, next) {
    const given = trust ? request.headers.get(header) : null;
    if (given && /^[\w.:+/=-]{1,128}$/.test(given)) context.requestId = given;
    else if (generate) context.requestId = generate();
    const id = context.requestId;
    return editHeaders(await next(), (headers) => headers.set(header, id));
  };
}
