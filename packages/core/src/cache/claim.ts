/**
 * Who may go to the origin, among all instances: whoever holds a lease in the store.
 * @module
 */
import type { Lease } from "../stores/store.ts";
import type { StoreName } from "../types.ts";
import { type Attempting, attempt } from "./attempt.ts";
import type { Entry } from "./entry.ts";
import { fit } from "./key.ts";
import { storeOf } from "./opened.ts";
import type { Found } from "./shelf.ts";

export interface Held extends Lease {
  /** When it is over at the latest, by this machine's clock. */
  until: number;
}

export interface Claim {
  store: StoreName;
  /** Seconds of the lease. */
  lock: number;
  /** Passes over what is nearer than the store. */
  find(): Promise<Found>;
}

interface Wanted {
  /** What is asked for. */
  id: string;
  /** Milliseconds. 0: who does not get the lease at once leaves the work to its holder. */
  wait: number;
  /** Whether a stored value makes it needless to ask. */
  isFit(entry: Entry): boolean;
}

export interface Claimed {
  /** None where somebody else holds it for too long, or the store failed: then the request goes all the same. */
  lease?: Held;
  /** What was there after the lease was had. */
  found?: Found;
  /** It is there already. */
  isDone?: boolean;
  /** Somebody else has the lease. */
  isHeld?: boolean;
}

/** Gets the lease, or what its holder stored: two round trips where nobody else asks. */
export async function claim(
  at: Attempting,
  { store, lock, find }: Claim,
  { id, wait, isFit }: Wanted,
): Promise<Claimed> {
  const key = await fit(id);
  // Pauses are counted and not the time, which may be moved.
  for (let pause = 0, waited = 0; ; waited += pause) {
    const began = Date.now();
    const got = await attempt(at, async () => {
      const { counters } = storeOf(at.context, store);
      return counters && { lease: await counters.lease(key, lock) };
    });
    if (!got) return {};
    const held = got?.lease;
    const lease = held && { token: held.token, release: () => held.release(), until: began + lock * 1000 };
    // After that: whoever had it before has stored by now.
    const found = await attempt(at, find);
    if (found?.entry && isFit(found.entry)) {
      if (lease) at.context.waitUntil(attempt(at, () => lease.release()));
      return { found, isDone: true };
    }
    if (lease || waited >= wait) return { lease, found, isHeld: !lease };
    // Never all at once.
    pause = Math.min(20 + waited / 4, 250) * (0.5 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
