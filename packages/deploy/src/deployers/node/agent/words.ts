/**
 * What the deployer asks the agent, which runs on the host for the length of one call. Types only.
 * @module
 */
import type { Command, ReleaseFile, SupervisorStatus } from "../supervisor/words.ts";

/** Whose folder, and which. */
export interface Place {
  /** Absolute, or below the home folder with `~/`. */
  path: string;
  app: string;
  stage: string;
}

export interface LockOwner {
  /** Of one command. */
  id: string;
  /** In words: `ada@laptop`. */
  who: string;
  /** Equal where process ids mean the same processes. */
  machine: string;
  pid: number;
}

export type Ask =
  | { op: "look" }
  /** `dead`: an owner that is known to have ended. Answers an owner that has it. */
  | { op: "lock"; owner: LockOwner; ttl: number; dead?: string }
  | { op: "unlock"; owner: string }
  /** Answers which of these hashes are those of files that a release on the host has. */
  | { op: "have"; hashes: string[] }
  /** The bytes of files that are not `kept` follow, one after the other. Answers whether it was written now. */
  | { op: "put"; release: ReleaseFile; kept: string[] }
  /** Supervisor's files by name. */
  | { op: "install"; version: string; files: Record<string, string>; start?: readonly string[] }
  | { op: "control"; command: Command; time: number }
  | { op: "secret"; name: string; value?: string }
  | { op: "prune"; keep: number }
  | { op: "sweep" }
  | { op: "destroy" }
  | { op: "logs"; since: number; follow: boolean };

export type Request = Ask & { place: Place };

export interface Look {
  node: string;
  platform: string;
  arch: string;
  /** The folder, absolute. */
  folder: string;
  /** Whose the folder is; absent where it has nothing. `""`: something is there that no deploy made. */
  owner?: string;
  current?: string;
  /** Whether the live release's files are as they were shipped. */
  intact: boolean;
  /** Whether an interrupted run left something half. */
  unswept: boolean;
  releases: LookRelease[];
  secrets: { names: string[]; revision: number };
  lock?: Lock;
  /** Version of the supervisor's files. */
  installed?: string;
  status?: SupervisorStatus;
}

export interface LookRelease extends Omit<ReleaseFile, "files"> {
  /** Whether it ever had all the traffic. */
  wasLive: boolean;
}

export interface Lock extends LockOwner {
  /** Milliseconds since 1970, by the host's clock. */
  until: number;
}

/** A line of the answer: `godwit {...}`. */
export type Answer = { ok: unknown } | { refused: { reason: string; message: string } } | { line: unknown };
