/**
 * What each release answered, second by second, for an hour. In memory alone: a figure is of the running workers.
 * @module
 */
import type { Figures } from "./words.ts";

/** As a worker sends it: `times` are pairs of a bucket and how many answers fell in it. */
export interface Report {
  requests: number;
  errors: number;
  times: [bucket: number, count: number][];
}

interface Slice {
  at: number;
  requests: number;
  errors: number;
  times: Map<number, number>;
}

const SLICE = 1000;
const KEPT = 3600;
const RELEASES = 50;

export class FigureBook {
  readonly #slices = new Map<string, Slice[]>();

  add(id: string, report: Report): void {
    const slices = this.#slices.get(id) ?? [];
    this.#slices.set(id, slices);
    const at = Math.floor(Date.now() / SLICE) * SLICE;
    let slice = slices.at(-1);
    if (slice?.at !== at) {
      slice = { at, requests: 0, errors: 0, times: new Map() };
      slices.push(slice);
      if (slices.length > KEPT) slices.shift();
    }
    slice.requests += report.requests;
    slice.errors += report.errors;
    for (const [bucket, count] of report.times) slice.times.set(bucket, (slice.times.get(bucket) ?? 0) + count);
    for (const oldest of this.#slices.keys()) {
      if (this.#slices.size <= RELEASES) break;
      this.#slices.delete(oldest);
    }
  }

  /** Since a time, to the second. */
  read(id: string, since: number): Figures {
    const sum: Figures = { requests: 0, errors: 0 };
    const times = new Map<number, number>();
    for (const slice of this.#slices.get(id) ?? []) {
      if (slice.at + SLICE <= since) continue;
      sum.requests += slice.requests;
      sum.errors += slice.errors;
      for (const [bucket, count] of slice.times) times.set(bucket, (times.get(bucket) ?? 0) + count);
    }
    const all = [...times].sort(([a], [b]) => a - b);
    let left = Math.ceil(all.reduce((total, [, count]) => total + count, 0) * 0.95);
    for (const [bucket, count] of all) {
      left -= count;
      if (left > 0) continue;
      sum.p95 = Math.round(2 ** (bucket / 8));
      break;
    }
    return sum;
  }
}
