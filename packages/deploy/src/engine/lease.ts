/**
 * The lock of a stage while a command changes it: short, renewed as long as somebody is at work, looked at before each
 * step. What is killed leaves it to its end.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { Deployer, DeployInput } from "../contracts.ts";

/** Milliseconds. Short, since after a kill the next run waits for it. */
const TTL = 120_000;

export interface Guard {
  /** Before a step that changes something: throws when interrupted, or when the lock is somebody else's. */
  pass(): Promise<void>;
  /** Before the switch: asks in any case. */
  prove(): Promise<void>;
  /**
   * Before something is put back: throws when the lock is somebody else's, since then nothing of the stage is ours to
   * put back. That nobody answers proves nothing, and going back is what is safe.
   */
  own(): Promise<void>;
}

/** Does the work under the stage's lock. Throws DEPLOY_LOCKED when another has it. */
export async function withLease<T>(
  deployer: Deployer,
  { clock, signal, warn }: Pick<DeployInput, "clock" | "signal" | "warn">,
  work: (guard: Guard) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const lease = await deployer.lock(TTL);
  let renewed = clock.now();
  let lost: unknown;
  let queue: Promise<void> = Promise.resolve();
  const renew = (unless: number) => {
    const next = queue.then(async () => {
      if (lost !== undefined) throw lost;
      if (clock.now() - renewed < unless) return;
      const at = clock.now();
      await lease.renew();
      renewed = at;
    });
    queue = next.catch(() => {});
    return next;
  };
  // A step may take longer than the lock lasts; by the wall clock, since a test's may stand still.
  const beat = setInterval(() => {
    renew(0).catch((error: unknown) => {
      lost = error;
    });
  }, TTL / 3);
  beat.unref();
  const check = async (unless: number) => {
    signal.throwIfAborted();
    await renew(unless);
    signal.throwIfAborted();
  };
  try {
    return await work({
      pass: () => check(TTL / 3),
      prove: () => check(0),
      own: () =>
        renew(0).catch((error: unknown) => {
          if (error instanceof GodwitError) throw error; // a call that failed is none, a lock that was lost is
        }),
    });
  } finally {
    clearInterval(beat);
    await queue;
    await lease.release().catch((error: unknown) => {
      // what was done is done; the lock ends by itself
      warn(`The stage's lock could not be removed and ends by itself in ${TTL / 60_000} minutes: ${String(error)}`);
    });
  }
}
