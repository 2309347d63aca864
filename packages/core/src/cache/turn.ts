/**
 * Whose turn it is to ask the origin.
 * @module
 */
import { type Attempting, attempt } from "./attempt.ts";
import { type Claim, type Claimed, claim } from "./claim.ts";
import type { Entry } from "./entry.ts";
import { type Flight, type Flights, landedWithin } from "./flights.ts";
import { ageOf, NO_WISHES, useOf } from "./freshness.ts";
import type { Shelf } from "./shelf.ts";
import { count } from "./stats.ts";

/** Somebody who may ask the origin. */
export interface Asker extends Attempting {
  key: string;
  shelf: Shelf;
  flights: Flights;
  stale?: Entry;
}

export interface Waiting {
  /** What is asked for: equal ones may wait for each other. */
  id: string;
  /** It may wait for others. */
  isPlain: boolean;
  /** Others may wait for it. */
  mayLead: boolean;
  /** Milliseconds. */
  wait: number;
  /** Where one instance alone is to ask. */
  claiming: Claim | undefined;
  /** Whether a stored value answers it. */
  isFit(entry: Entry): boolean;
}

/** What somebody else brought; else it is this one's turn, and its flight must land. */
export async function takeTurn(
  given: Asker,
  waiting: Waiting,
  isAgain = false,
): Promise<{ entry: Entry } | { flight: Flight; stale: Entry | undefined }> {
  const { key, flights, shelf } = given;
  const { id, isPlain, mayLead, wait, claiming, isFit } = waiting;
  const other = isPlain ? flights.leading(id) : undefined;
  if (other) {
    const entry = await landedWithin(other, wait);
    if (entry && isFit(entry)) {
      if (await attempt(given, () => shelf.isCurrent(entry))) return { entry };
      // Asked before an invalidation that this request came after: those who did have one turn in common.
      if (!isAgain) return takeTurn(given, waiting, true);
    }
    // Whatever holds it up must not hold up who comes next.
    flights.leave(other);
  }
  const canLead = isPlain && mayLead && !other && flights.canLead(id, key);
  const flight = flights.begin(key, canLead ? id : undefined);
  // Half of it: those who wait here for this one wait for its answer as well.
  const claimed = canLead && claiming ? await claim(given, claiming, { id, wait: wait / 2, isFit }) : {};
  const { found, isDone } = claimed;
  if (isDone && found?.entry) {
    flight.land(found.entry);
    return { entry: found.entry };
  }
  hold(given, flight, claimed);
  return { flight, stale: found ? found.entry : given.stale };
}

/** Asks behind an answer's back, unless somebody else does. */
export async function refresh(
  given: Asker & { stale: Entry },
  id: string,
  claiming: Claim | undefined,
  ask: (flight: Flight) => Promise<void>,
): Promise<void> {
  const { context, name, stale, key, flights } = given;
  const flight = flights.begin(key, id);
  try {
    const isFit = (entry: Entry) =>
      entry.terms.received > stale.terms.received && useOf(entry.terms, NO_WISHES, Date.now()) === "fresh";
    const claimed: Claimed = claiming ? await claim(given, claiming, { id, wait: 0, isFit }) : {};
    if (claimed.isDone) return flight.land(claimed.found?.entry);
    if (claimed.isHeld) return;
    hold(given, flight, claimed);
    count(context, name, "refreshed");
    await ask(flight);
  } finally {
    flight.land();
  }
}

/** The origin is asked now, under this lease until its answer is stored. */
function hold(given: Asker, { landed }: Flight, { lease }: Claimed): void {
  const { context, shelf } = given;
  shelf.asked = Date.now();
  shelf.lease = lease;
  if (lease) context.waitUntil(landed.then(() => attempt(given, () => lease.release())));
}

/**
 * Whether this request among many refreshes a fresh value (A. Vattani, F. Chierichetti, K. Lowenstein: Optimal
 * Probabilistic Cache Stampede Prevention, PVLDB 8, 2015): the likelier, the longer the origin took and the less time is
 * left. `beta` above 1 is earlier.
 */
export function isEarly({ terms, took = 0 }: Entry, beta: number, now: number): boolean {
  return took * beta > 0 && -took * beta * Math.log(1 - Math.random()) >= terms.lifetime - ageOf(terms, now);
}
