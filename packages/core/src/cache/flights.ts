/**
 * Requests to the origin that are on their way from this instance, so that equal ones can wait for one of them.
 * @module
 */
import type { Key } from "../types.ts";
import type { Entry } from "./entry.ts";

export interface Flight {
  key: string;
  /** The key and the variant; undefined where nobody may wait for it. */
  id: string | undefined;
  /** An invalidation came meanwhile: what it brings must not be stored. */
  isDoomed: boolean;
  /** The response once all of it is there; undefined where it is not one to share. Never rejects. */
  landed: Promise<Entry | undefined>;
  land(entry?: Entry): void;
}

/** Most URIs whose answers are known to be for one client, and how long that is remembered. */
const MOST_UNSHARED = 1_000;
const UNSHARED_MS = 60_000;

/** Those of an app instance: all its caches share them, and whoever invalidates a key. */
export const FLIGHTS: Key<Flights> = { name: "cache flights" };

export class Flights {
  readonly #all = new Set<Flight>();
  /** Those that others may wait for. */
  readonly #leading = new Map<string, Flight>();
  readonly #unshared = new Map<string, number>();

  /** The one to wait for. */
  leading(id: string): Flight | undefined {
    return this.#leading.get(id);
  }

  /** Whether nobody is on the way, and the last answer was one to share. */
  canLead(id: string, key: string): boolean {
    return !this.#leading.has(id) && (this.#unshared.get(key) ?? 0) <= Date.now();
  }

  /** With an id, others may wait for it. */
  begin(key: string, id?: string): Flight {
    let resolve: (entry?: Entry) => void = () => {};
    const landed = new Promise<Entry | undefined>((given) => {
      resolve = given;
    });
    const land = (entry?: Entry) => {
      this.#all.delete(flight);
      this.leave(flight);
      resolve(entry);
    };
    const flight: Flight = { key, id, isDoomed: false, landed, land };
    this.#all.add(flight);
    if (id !== undefined) this.#leading.set(id, flight);
    return flight;
  }

  /** Nobody waits for it any more. */
  leave(flight: Flight): void {
    const { id = "" } = flight;
    if (this.#leading.get(id) === flight) this.#leading.delete(id);
  }

  /** What is on its way was asked for before an invalidation. */
  doom(key: string): void {
    for (const flight of this.#all) {
      if (flight.key !== key) continue;
      flight.isDoomed = true;
      this.leave(flight);
    }
  }

  /** Who asks next for what is not to be shared does not wait. */
  noteUnshared(key: string): void {
    this.#unshared.delete(key);
    this.#unshared.set(key, Date.now() + UNSHARED_MS);
    for (const oldest of this.#unshared.keys()) {
      if (this.#unshared.size <= MOST_UNSHARED) break;
      this.#unshared.delete(oldest);
    }
  }
}

/** What a flight brings, or undefined when that takes longer than so many milliseconds. */
export async function landedWithin(flight: Flight, most: number): Promise<Entry | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), most);
  });
  try {
    return await Promise.race([flight.landed, late]);
  } finally {
    clearTimeout(timer);
  }
}
