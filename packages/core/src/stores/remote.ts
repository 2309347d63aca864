/**
 * What all drivers do alike whose backend is another machine: a deadline, few attempts, and coded errors.
 * @module
 */
import { GodwitError } from "../errors.ts";

export interface RemoteOptions {
  /** Milliseconds that one call of a store's method may take, all attempts and pauses together. Default 1,000. */
  deadline?: number;
  /** How often one call is tried. Default 3. */
  attempts?: number;
}

/** Letters of what a backend says: a hostile one has no end. */
const LONGEST = 500;

/** Thrown by what `call` runs: it may be better the next time. */
export class Transient extends Error {}

/**
 * Runs `work` until it gives something, throws what is not `Transient`, or its time is over. Between attempts it waits a
 * random part of 25, 50, 100 ... milliseconds (full jitter). `signal` aborts when the time is over; whether the backend has
 * done the work by then nobody knows. Rejects with STORE_UNREACHABLE.
 *
 * @example await call("main", { deadline: 500 }, (signal) => fetch(url, { signal }))
 */
export async function call<T>(
  store: string,
  { deadline = 1_000, attempts = 3 }: RemoteOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        reject(unreachable(store, `did not answer within ${deadline} ms`));
        abort.abort();
      },
      Math.min(deadline, 2_147_483_647),
    ); // timers take what is more for nothing at all
  });
  try {
    return await Promise.race([tryAgain(store, attempts, abort.signal, work), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function tryAgain<T>(
  store: string,
  attempts: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(signal);
    } catch (error) {
      if (!(error instanceof Transient) || signal.aborted) throw error;
      if (attempt >= attempts) throw unreachable(store, `failed ${attempt} times: ${error.message}`, error.cause);
      await pause(Math.random() * 25 * 2 ** (attempt - 1), signal);
      // Nobody waits for it by now, and what it did nobody would know.
      signal.throwIfAborted();
    }
  }
}

/** Ends with the signal too, and then leaves no timer behind. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** It cannot be asked, or nobody knows whether it has done what must not be done twice. */
export function unreachable(store: string, what: string, cause?: unknown): GodwitError {
  return new GodwitError("STORE_UNREACHABLE", `The store "${store}" ${what.slice(0, LONGEST)}.`, { cause });
}

/** The backend does not take the credential that `from` holds. It is not in the message. */
export function refused(store: string, from: string, cause?: unknown): GodwitError {
  return new GodwitError(
    "STORE_REFUSED",
    `The store "${store}" refuses the credential in ${from}. Give one that may read and write there.`,
    { cause },
  );
}

/** The backend answered with an error that trying again does not mend. */
export function failed(store: string, what: string, cause?: unknown): GodwitError {
  return new GodwitError("STORE_FAILED", `The store "${store}" failed: ${what.slice(0, LONGEST)}.`, { cause });
}

/** A list was asked of a backend that has none. */
export function unlistable(store: string, backend: string): GodwitError {
  return new GodwitError("STORE_UNLISTABLE", `The store "${store}" cannot list its keys: ${backend} tells nobody.`);
}

/** Whether the backend is at fault, and not the code that called it. */
export function isStoreFailure(error: unknown): boolean {
  if (!(error instanceof GodwitError)) return true;
  return ["STORE_OPEN_FAILED", "STORE_UNREACHABLE", "STORE_REFUSED", "STORE_FAILED"].includes(error.code);
}
