/**
 * Bounds what a client may send.
 * @module
 */
import { GodwitError, type HttpError } from "../errors.ts";
import { tooLarge } from "../http/too-large.ts";
import type { Middleware } from "../types.ts";

export interface BodyLimitOptions {
  /** Bytes of the request's body, as it arrives. */
  max: number;
}

/**
 * Answers 413 (code `BODY_TOO_LARGE`) to a body over `max` bytes: at once when `Content-Length` says so, else as soon
 * as the bytes that are read pass it. The bytes are counted in either case, since a header is the client's word. A
 * handler that reads too much gets the HttpError from `request.json()` and its like; whatever it makes of it, the
 * answer is the 413, unless it has begun to stream. Throws `BODY_LIMIT_INVALID` for a `max` that is no whole number.
 *
 * @example export default bodyLimit({ max: 1_048_576 });
 */
export function bodyLimit({ max }: BodyLimitOptions): Middleware {
  if (!Number.isSafeInteger(max) || max < 0) {
    throw new GodwitError("BODY_LIMIT_INVALID", `bodyLimit() takes a whole number of bytes, not ${max}.`);
  }
  return async function bodyLimit(request, _context, next) {
    if (Number(request.headers.get("content-length") ?? 0) > max) throw tooLarge(max);
    if (!request.body) return next();
    let over: HttpError | undefined;
    let seen = 0;
    const reader = request.body.getReader();
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          seen += value.byteLength;
          if (seen <= max) return controller.enqueue(value);
          over = tooLarge(max);
          reader.cancel(over).catch(() => {});
          controller.error(over);
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
    const init: RequestInit & { duplex: "half" } = { body, duplex: "half" }; // lib.dom does not know duplex
    const response = await next(new Request(request, init));
    if (!over) return response;
    response.body?.cancel().catch(() => {});
    throw over;
  };
}
