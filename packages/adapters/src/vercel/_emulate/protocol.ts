/**
 * What the emulator and the process of a function tell each other.
 * @module
 */

/** The process's one argument, as JSON. */
export interface ChildOptions {
  /** Absolute path of the function's entry; without one, the process is a bare runtime to measure against. */
  entry?: string;
  /** Absolute path of edge-runtime's main file. */
  runtime?: string;
  /** Modules may come as texts. */
  dev?: boolean;
}

/** To the child: asks for its CPU so far. */
export interface CpuQuestion {
  id: number;
}

/** From the child: it takes requests, it failed to start, or its CPU in microseconds. */
export type ChildMessage =
  | { kind: "ready"; port: number; cpu: number }
  | { kind: "failed" }
  | { kind: "cpu"; id: number; cpu: number };
