/**
 * Until when a response is under way.
 * @module
 */
import { copyOf } from "../http/headers.ts";

/**
 * The response, with `begin` called once: with a promise that resolves when the body has ended, has failed, is not wanted
 * any more, or `signal` aborts. It is called when the body is first asked for, and not before: a platform may wait for what
 * is under way before it sends anything. Where there is no body to wait for it is called at once.
 */
export function untilOver(response: Response, signal: AbortSignal, begin: (over: Promise<void>) => void): Response {
  const { body } = response;
  // What something else has begun to read is not sent.
  if (!body || body.locked || signal.aborted) {
    begin(Promise.resolve());
    return response;
  }
  let resolve: () => void;
  const over = new Promise<void>((done) => {
    resolve = done;
  });
  let hasBegun = false;
  const start = () => {
    if (hasBegun) return;
    hasBegun = true;
    begin(over);
  };
  const stop = () => {
    signal.removeEventListener("abort", stop);
    resolve();
    start();
  };
  signal.addEventListener("abort", stop);
  const reader = body.getReader();
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        start();
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        stop();
      },
      async cancel(reason) {
        try {
          await reader.cancel(reason);
        } finally {
          stop();
        }
      },
    },
    // Nothing is read before somebody asks.
    { highWaterMark: 0 },
  );
  return copyOf(response, stream);
}
