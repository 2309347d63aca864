/**
 * The one loop around every call to a vendor: bounded in attempts and time, with jitter, obeying Retry-After.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { Clock } from "../contracts.ts";

/** What a vendor's client throws for a call that failed, in words that the loop understands. */
export class CallError extends Error {
  /** The call's name, as the vendor spells it. */
  readonly call: string;
  /** The vendor's own code, such as `AccessDeniedException` or `10021`. */
  readonly code: string;
  /** HTTP status; 0 when there was no whole answer. */
  readonly status: number;
  /** Milliseconds that the answer asks to wait. */
  readonly retryAfter: number | undefined;
  /** Whether the same call may succeed later. */
  readonly transient: boolean;

  constructor(
    call: string,
    message: string,
    facts: { code?: string; status?: number; retryAfter?: number; transient?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: facts.cause });
    this.name = "CallError";
    this.call = call;
    this.code = facts.code ?? "";
    this.status = facts.status ?? 0;
    this.retryAfter = facts.retryAfter;
    this.transient = facts.transient ?? (this.status === 0 || this.status === 429 || this.status >= 500);
  }
}

export interface RetryOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Default 6. */
  attempts?: number;
  /** Milliseconds for all attempts and pauses. Default 120,000. */
  deadline?: number;
  /** Milliseconds of the first pause; each next one doubles, up to 20 s. Default 200. */
  base?: number;
  /** Says yes for errors that only here are transient, such as a role that is not known everywhere yet. */
  also?(error: CallError): boolean;
}

const LONGEST = 20_000;

/** Calls until it succeeds, cannot succeed, or time is up; then throws the last error. */
export async function retry<T>(call: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, signal, attempts = 6, deadline = 120_000, base = 200, also } = options;
  const end = clock.now() + deadline;
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await call(attempt);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof CallError) || !(error.transient || also?.(error)) || attempt >= attempts) throw error;
      const full = Math.min(LONGEST, base * 2 ** (attempt - 1));
      const pause = Math.max(error.retryAfter ?? 0, full / 2 + (Math.random() * full) / 2);
      if (clock.now() + pause > end) throw error;
      await clock.sleep(pause, signal);
    }
  }
}

export interface WaitOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Milliseconds in all. */
  deadline: number;
  /** Milliseconds between two looks. Default 500, doubled up to 5 s. */
  every?: number;
}

/** Looks until there is something. Throws DEPLOY_WAIT_OVER, naming what never came. */
export async function waitFor<T>(what: string, look: () => Promise<T | undefined>, options: WaitOptions): Promise<T> {
  const { clock, signal, deadline, every = 500 } = options;
  const end = clock.now() + deadline;
  for (let pause = every; ; pause = Math.min(5000, pause * 2)) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    if (clock.now() + pause > end) {
      throw new GodwitError(
        "DEPLOY_WAIT_OVER",
        `${what} did not come within ${Math.round(deadline / 1000)} s. Nothing was switched; run the command again.`,
      );
    }
    await clock.sleep(pause, signal);
  }
}
