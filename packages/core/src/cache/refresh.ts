/**
 * Asks the origin behind an answer's back.
 * @module
 */
import { type Claim, claim, hold } from "./claim.ts";
import type { Entry } from "./entry.ts";
import { type Exchange, exchange } from "./exchange.ts";
import { ageOf, NO_WISHES, useOf } from "./freshness.ts";
import { count } from "./stats.ts";
import { validationHeaders } from "./validate.ts";

/**
 * Whether one request among many refreshes a fresh value (A. Vattani, F. Chierichetti, K. Lowenstein: Optimal
 * Probabilistic Cache Stampede Prevention, PVLDB 8, 2015): the likelier, the longer the origin took and the less time is
 * left. `beta` above 1 is earlier.
 */
export function isEarly({ terms, took = 0 }: Entry, beta: number, now: number): boolean {
  return -took * beta * Math.log(1 - Math.random()) >= terms.lifetime - ageOf(terms, now) && beta > 0 && took > 0;
}

/** Section 3 of RFC 5861: by a request that no client's going away ends. `claiming` where one instance alone asks. */
export async function refresh(
  given: Exchange & { stale: Entry },
  claiming?: Omit<Claim, "wait" | "isFit">,
): Promise<void> {
  const { context, name, flight, stale } = given;
  try {
    const isFit = (entry: Entry) =>
      entry.terms.received > stale.terms.received && useOf(entry.terms, NO_WISHES, Date.now()) === "fresh";
    const claimed = claiming ? await claim({ ...claiming, wait: 0, isFit }) : {};
    if (claimed.isDone) return flight.land(claimed.found?.entry);
    if (claimed.isHeld) return;
    hold(given, claimed);
    count(context, name, "refreshed");
    const headers = validationHeaders(given.request.headers, stale);
    const init = given.content ? { method: "QUERY", headers, body: given.content } : { headers };
    const request = new Request(given.request.url, init);
    context.signal = request.signal;
    const outcome = await exchange({ ...given, request, next: (other) => given.next(other ?? request) });
    // Without a reader it is still stored.
    if ("response" in outcome) await outcome.response.body?.cancel();
    if ("response" in outcome && outcome.stored) await flight.landed;
  } finally {
    flight.land();
  }
}
