/**
 * One invocation: its deadline, and the work that goes on after the answer.
 * @module
 */
import { HttpError } from "@godwit/core/errors";

/** What Godwit reads of Lambda's context object. */
export interface LambdaContext {
  awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

export interface Invocation {
  /** Aborts shortly before Lambda would stop the function. */
  signal: AbortSignal;
  waitUntil(promise: Promise<unknown>): void;
  /** The same, or a rejection with 504 while there is time to send that: Lambda would end the environment as well. */
  inTime<T>(answer: Promise<T>): Promise<T>;
  /** Resolves when all work has settled, or time is up. Ends the invocation; never rejects. */
  settle(): Promise<void>;
}

/** Milliseconds that are left when the signal aborts, so that the app can still answer, and when it is answered for. */
const MARGIN = 250;
const LAST = 100;

export function openInvocation(context: LambdaContext): Invocation {
  const controller = new AbortController();
  const { signal } = controller;
  let timer: NodeJS.Timeout;
  const late = new Promise<void>((resolve) => {
    const expire = () => {
      timer = setTimeout(resolve, MARGIN - LAST);
      controller.abort(new DOMException("Time is up.", "TimeoutError"));
    };
    timer = setTimeout(expire, Math.max(0, context.getRemainingTimeInMillis() - MARGIN));
  });
  let pending = 0;
  let wake = () => {};
  return {
    signal,
    waitUntil(promise) {
      pending++;
      promise
        .catch((error) => console.error("waitUntil failed:", error))
        .then(() => {
          pending--;
          wake();
        });
    },
    inTime: (answer) =>
      Promise.race([
        answer,
        late.then(() => {
          throw new HttpError(504, { title: "Gateway Timeout", code: "LAMBDA_TIME_UP" });
        }),
      ]),
    async settle() {
      // Work may bring more work.
      while (pending && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.onabort = () => resolve();
        });
      }
      if (pending) console.error("waitUntil was cut short: time is up.");
      clearTimeout(timer);
    },
  };
}
