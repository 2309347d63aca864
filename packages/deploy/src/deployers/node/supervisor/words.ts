/**
 * What the supervisor, the agent and the deployer say to each other, and what lies in a stage's folder. Types, and the
 * number of this protocol: the three may be of different versions of Godwit.
 *
 * ```
 * <path>/app.json                  whose folder this is
 * <path>/<stage>/releases/<id>/    a release's files, release.json, and `live` since it first had all traffic
 * <path>/<stage>/current           link to the live one
 * <path>/<stage>/secrets.json      0600
 * <path>/<stage>/lock-<n>          the highest number counts
 * <path>/<stage>/control.sock      the supervisor's, 0600
 * <path>/<stage>/port              the port that was free when `0` was asked for
 * <path>/<stage>/supervisor/       the supervisor's own files, a folder a version, and `current`
 * <path>/<stage>/logs/             bounded
 * ```
 * @module
 */

export const PROTOCOL = 1;

/** `release.json`. */
export interface ReleaseFile {
  id: string;
  app: string;
  stage: string;
  fingerprint: string;
  /** ISO 8601. */
  at: string;
  /** Of the artefact. */
  hash: string;
  /** The function's id, which log lines carry. */
  function: string;
  files: ShippedFile[];
  /** Names of the secrets that it gets. */
  secrets: string[];
  /** Cron expression and pattern, for the plan. */
  schedules: string[];
  settings: ReleaseSettings;
}

export interface ShippedFile {
  path: string;
  bytes: number;
  sha256: string;
}

export interface ReleaseSettings {
  /** 0: the stage's own, the one that was free when it was first asked for. */
  port: number;
  /** Absent: all addresses. */
  listen?: string;
  workers: number;
  /** Milliseconds that a release may take to finish what it began. */
  drain: number;
  /** Milliseconds until a worker must be ready. */
  start: number;
  /** A path that must answer 2xx before a worker is ready. */
  health?: string;
  vars: Record<string, string>;
}

/** `secrets.json`: `revision` grows with each change, so that it shows which values a running release has. */
export interface SecretsFile {
  revision: number;
  values: Record<string, string>;
}

export interface FleetStatus {
  id: string;
  /** Of the traffic, 0 to 1. */
  share: number;
  state: "starting" | "ready" | "draining";
  ready: number;
  workers: number;
  /** Times that a worker ended by itself. */
  crashes: number;
  /** Port on the host's loopback where it alone answers, without TLS. */
  port?: number;
  /** Of `secrets.json` when it started. */
  revision: number;
}

export interface SupervisorStatus {
  protocol: number;
  pid: number;
  live?: string;
  scheme?: "http" | "https";
  ports: number[];
  fleets: FleetStatus[];
}

/** One line on the control socket. Each is done whole or not at all, whatever becomes of who asked. */
export type Command =
  | { command: "status" }
  /** Beside the live one, without traffic. */
  | { command: "start"; id: string }
  /** Without a share all traffic, for good. */
  | { command: "switch"; id: string; share?: number }
  /** Ends everything but the live release. */
  | { command: "reset" }
  | { command: "figures"; id: string; since: number }
  | { command: "stop" };

export type Reply = { ok: unknown } | { refused: { reason: Reason; message: string } };

export type Reason =
  | "unknown-release"
  | "start-failed"
  | "port-in-use"
  | "port-forbidden"
  | "address-unknown"
  | "disk-full"
  | "not-live"
  | "busy"
  | "failed";

export interface Figures {
  requests: number;
  errors: number;
  p95?: number;
}
