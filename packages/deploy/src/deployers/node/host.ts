/**
 * Where a release runs: this machine, or one that ssh reaches. All that a deploy does there goes through these.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { CallError } from "../../engine/retry.ts";

export interface Host {
  /** In words: `this machine`, `deploy@example.com`. */
  readonly name: string;
  /** The name that a URL has; undefined for this machine. */
  readonly address?: string;
  /** Starts Node there with these arguments. */
  start(args: readonly string[]): ChildProcess;
  /** Where a port of its loopback is reached from here. */
  reach(port: number): Promise<URL>;
  /** Why a call ended without an answer: an error with a way out, or a CallError. */
  explain(call: string, code: number | null, said: string): Error | CallError;
  close(): Promise<void>;
}

/** This machine. */
export function createLocalHost(node: string, explain: Host["explain"]): Host {
  return {
    name: "this machine",
    // Apart from the terminal, whose Ctrl-C is for the command: that still has a lock to let go of through this one.
    start: (args) => spawn(node, args, { stdio: ["pipe", "pipe", "pipe"], detached: true, windowsHide: true }),
    reach: async (port) => new URL(`http://127.0.0.1:${port}`),
    explain,
    close: async () => {},
  };
}
