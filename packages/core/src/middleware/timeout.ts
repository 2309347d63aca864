/**
 * Bounds the time until a route has its answer.
 * @module
 */
import { GodwitError, HttpError } from "../errors.ts";
import type { Middleware } from "../types.ts";

export interface TimeoutOptions {
  /** Milliseconds, from 1 to 2,147,483,647 (24.8 days: a longer timer would fire at once). */
  after: number;
}

/**
 * Answers 504 with a problem document (code `TIMEOUT`) when what is below has given no Response after that time, and
 * aborts `context.signal` with a TimeoutError, so that the work can stop. The signal still aborts when the client goes
 * away, then with the client's reason. Time counts until the Response is there; a body may stream longer.
 * `config.timeout` of a route is this middleware, outermost. Throws `TIMEOUT_INVALID` for a time out of bounds.
 *
 * @example export default [timeout({ after: 5_000 })]; // routes/api/_middleware.ts
 */
export function timeout({ after }: TimeoutOptions): Middleware {
  if (!(after >= 1 && after <= 2_147_483_647)) {
    throw new GodwitError("TIMEOUT_INVALID", `timeout() takes 1 to 2,147,483,647 milliseconds, not ${after}.`);
  }
  return async function timeout(_request, context, next) {
    // AbortSignal.any is missing in Vercel's Edge runtime.
    const work = new AbortController();
    const client = context.signal;
    const forward = () => work.abort(client.reason);
    if (client.aborted) forward();
    else client.addEventListener("abort", forward, { once: true });
    context.signal = work.signal;

    let timer: ReturnType<typeof setTimeout> | undefined;
    let late = false;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        late = true;
        const detail = `There was no answer within ${after} ms.`;
        reject(new HttpError(504, { title: "Gateway Timeout", code: "TIMEOUT", detail }));
        work.abort(new DOMException("The route's time is up.", "TimeoutError"));
      }, after);
    });
    const answer = next().then((response) => {
      // Nobody will read it; what feeds it must learn that.
      if (late) response.body?.cancel().catch(() => {});
      return response;
    });
    try {
      return await Promise.race([answer, expired]);
    } finally {
      clearTimeout(timer);
    }
  };
}
