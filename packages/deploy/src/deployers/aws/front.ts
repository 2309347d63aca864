/**
 * What stands before the functions decides what a release is, and how traffic moves.
 * @module
 */
import type { AnyKind, Candidate, Made, Release, Spec } from "../../contracts.ts";
import type { FunctionValue } from "./functions.ts";
import type { Measured } from "./metrics.ts";

export interface Front {
  /** In the order in which they are made. */
  kinds: readonly AnyKind[];
  specs(functions: readonly FunctionValue[]): Spec[];
  releases(): Promise<Release[]>;
  release(made: Made, wanted: Wanted): Promise<Release>;
  candidate(release: Release): Promise<Candidate>;
  switch(release: Release, share: number): Promise<void>;
  reset(): Promise<void>;
  /** A function is about to be removed: releases that need it cannot be gone back to. */
  forget?(id: string): Promise<void>;
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
