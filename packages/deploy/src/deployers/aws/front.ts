/**
 * What stands before the functions decides what a release is, and how traffic moves.
 * @module
 */
import type { AnyKind, Candidate, Made, Release, Spec } from "../../contracts.ts";
import type { FunctionFront, FunctionValue } from "./functions.ts";
import type { Measured } from "./metrics.ts";

export interface Front extends FunctionFront {
  /** In the order in which they are made. */
  kinds: readonly AnyKind[];
  specs(functions: readonly FunctionValue[]): Spec[];
  releases(): Promise<Release[]>;
  release(made: Made, wanted: Wanted): Promise<Release>;
  candidate(release: Release): Promise<Candidate>;
  switch(release: Release, share: number): Promise<void>;
  reset(): Promise<void>;
  urls(): Promise<URL[]>;
  /** What its figures are filed under. */
  measured(release: Release): Promise<Measured | undefined>;
  destroy(): Promise<void>;
}

/** What a release should be. */
export interface Wanted {
  fingerprint: string;
  functions: readonly FunctionValue[];
  /** Ids of functions that schedules call. */
  scheduled: readonly string[];
}

/** One answer for all who ask at the same moment; nobody gets one of before. */
export function together<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}
