/**
 * One invocation: its deadline, and the work that goes on after the answer.
 * @module
 */

/** What Godwit reads of Lambda's context object. */
export interface LambdaContext {
  awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

export interface Invocation {
  /** Aborts shortly before Lambda would stop the function. */
  signal: AbortSignal;
  waitUntil(promise: Promise<unknown>): void;
  /** Resolves when all work has settled, or time is up. Ends the invocation; never rejects. */
  settle(): Promise<void>;
}

/** Milliseconds that are left to answer in when the signal aborts. */
const MARGIN = 250;

export function openInvocation(context: LambdaContext): Invocation {
  const controller = new AbortController();
  const { signal } = controller;
  const expire = () => controller.abort(new DOMException("Time is up.", "TimeoutError"));
  const timer = setTimeout(expire, Math.max(0, context.getRemainingTimeInMillis() - MARGIN));
  const work: Promise<unknown>[] = [];
  return {
    signal,
    waitUntil(promise) {
      work.push(promise.catch((error) => console.error("waitUntil failed:", error)));
    },
    async settle() {
      // Work may bring more work.
      while (work.length && !signal.aborted) {
        const all = Promise.all(work.splice(0));
        await new Promise<unknown>((resolve) => {
          all.then(resolve);
          signal.onabort = () => resolve(console.error("waitUntil was cut short: time is up."));
        });
      }
      clearTimeout(timer);
    },
  };
}
