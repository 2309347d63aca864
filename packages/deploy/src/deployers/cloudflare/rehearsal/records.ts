/**
 * What the rehearsal keeps of an account.
 * @module
 */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { Answer, Call } from "../../../rehearsal/server.ts";
import type { State } from "../../../rehearsal/state.ts";
import type { Runs } from "./runs.ts";

export type StoredBinding = { name: string; type: string } & Record<string, unknown>;

export interface VersionRecord {
  id: string;
  number: number;
  created_on: string;
  source: string;
  annotations: Record<string, string>;
  bindings: StoredBinding[];
  main_module: string;
  compatibility_date: string;
  compatibility_flags: string[];
  /** `blob` is its contents' hash. */
  modules: { name: string; type: string; blob: string }[];
  /** Path -> hash of a file that was uploaded. */
  assets?: { files: Record<string, string>; config: Record<string, unknown> };
  startup: number;
}

export interface DeploymentRecord {
  id: string;
  created_on: string;
  source: string;
  annotations: Record<string, string>;
  versions: { version_id: string; percentage: number }[];
}

export interface ScriptRecord {
  name: string;
  tag: string;
  tags: string[];
  created_on: string;
  modified_on: string;
  source: string;
  observability: unknown;
  subdomain: { enabled: boolean; previews_enabled: boolean };
  crons: { cron: string; created_on: string }[];
  /** The newest first, both. */
  versions: VersionRecord[];
  deployments: DeploymentRecord[];
  /** Durable Objects: class -> where it keeps its state. */
  classes?: Record<string, "sqlite" | "kv">;
  migrationTag?: string;
  /** The number of the version that changed the classes last: none before it is deployed again. */
  migrated?: number;
  /** Where it answers on this machine. */
  port: number;
}

export interface Records {
  account: string;
  token: string;
  scripts: Record<string, ScriptRecord>;
  namespaces: { id: string; title: string; values: Record<string, string> }[];
  buckets: { name: string; creation_date: string }[];
  databases: { uuid: string; name: string; created_at: string }[];
  queues: { queue_id: string; queue_name: string; created_on: string }[];
  domains: {
    id: string;
    cert_id: string;
    hostname: string;
    service: string;
    environment: string;
    zone_id: string;
    zone_name: string;
  }[];
  routes: { id: string; pattern: string; script: string; zone: string }[];
  /** Files of upload sessions: hash -> what they are. */
  files: Record<string, { type: string; blob: string }>;
  /** Token of a session -> path -> hash. */
  sessions: Record<string, Record<string, string>>;
}

export function emptyRecords(): Records {
  return {
    account: randomBytes(16).toString("hex"),
    token: "rehearsal",
    scripts: {},
    namespaces: [],
    buckets: [],
    databases: [],
    queues: [],
    domains: [],
    routes: [],
    files: {},
    sessions: {},
  };
}

/** What every handler works with. */
export interface Parts {
  state: State<Records>;
  runs: Runs;
  now(): Date;
}

/** A request with what the path holds, and what answers it: the envelope's `result`. */
export interface Request extends Call {
  /** The path's parts that are no fixed words, in order. */
  args: string[];
}

/** An answer that is an error. */
export class Refusal extends Error {
  readonly answer: Answer;
  constructor(status: number, code: number, message: string) {
    super(message);
    this.answer = { status, body: { success: false, errors: [{ code, message }], messages: [], result: null } };
  }
}

export function readJson<T>({ body }: Call): Partial<T> {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (value && typeof value === "object") return value as Partial<T>; // each member is looked at where it is used
  } catch {
    // said below
  }
  throw new Refusal(400, 10026, "The request's body is no JSON.");
}

export function newId(): string {
  return randomUUID();
}

export function hexId(): string {
  return randomBytes(16).toString("hex");
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Throws 10007, as the API says it. */
export function scriptOf({ state }: Parts, name: string | undefined): ScriptRecord {
  const script = name === undefined ? undefined : state.data.scripts[name];
  if (!script) throw new Refusal(404, 10007, "This Worker does not exist on your account.");
  return script;
}

export function sourceOf({ headers }: Call): string {
  return headers["user-agent"]?.includes("wrangler") ? "wrangler" : "api";
}
