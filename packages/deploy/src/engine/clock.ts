/**
 * The clock of a real deploy.
 * @module
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "../contracts.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    try {
      await wait(milliseconds, undefined, signal && { signal });
    } catch (error) {
      throw signal?.aborted ? signal.reason : error; // Node's own AbortError would hide why
    }
  },
};
