/**
 * What the engine and a vendor's folder say to each other. Types only: the engine knows no vendor, and a vendor's folder
 * knows neither the command line nor another vendor.
 * @module
 */
import type { FrontRoute, Manifest } from "@godwit/core/manifest";

/** A vendor's folder: what `deployers/<vendor>/index.ts` exports. */
export interface DeployerModule {
  /** Fills in the defaults of the config's `deploy.<vendor>`. Throws DEPLOY_CONFIG_INVALID with the path that is wrong. */
  parseSettings(given: unknown): unknown;
  /** Finds the credentials and the place; makes no call that changes anything. */
  open(input: DeployInput): Promise<Deployer>;
  /** The vendor's control plane on this machine; a vendor without one is itself on this machine. */
  rehearse?(options: RehearsalOptions): Promise<ControlPlane>;
}

/** Time, as the engine sees it: a test's may stand still. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** What a command hands to a deployer. */
export interface DeployInput {
  app: string;
  stage: string;
  /** Absent for commands that look, or go back. */
  artefact?: BuiltArtefact;
  /** What `parseSettings` made. */
  settings: unknown;
  /** Values of the stage for names that are no secret. They are part of a function's fingerprint. */
  vars: Record<string, string>;
  /** Values at hand for declared secrets. Used for those that the stage does not have yet; never shown. */
  secrets: Record<string, string>;
  /** Credentials, regions and endpoints are read from here, under the vendor's own names (`AWS_PROFILE`). */
  env: Record<string, string | undefined>;
  clock: Clock;
  signal: AbortSignal;
  /** A line that somebody should read, such as a hint that was not applied. Never a secret. */
  warn(line: string): void;
  /** What commands in messages need beside stage and target to reach the same place, such as `--rehearse`. */
  flags?: string;
}

export interface BuiltArtefact {
  /** Absolute path of `dist/<target>/`. */
  root: string;
  manifest: Manifest;
}

/** An opened stage of an app. Every method may reject with a GodwitError, and stops at `input.signal`. */
export interface Deployer {
  /** Who and where, in words for the plan: `account 123456789012, eu-west-1`. */
  readonly place: string;
  /** What others need first: things are removed in the opposite order. */
  kinds: readonly AnyKind[];
  /** What should be there; nothing without an artefact (a destroy). `after` orders the work. */
  specs(): Promise<readonly Spec[]>;
  /**
   * The release that the artefact and its values would be: equal strings are equal releases. Asked after `specs`. A
   * vendor that copies secrets into a release counts their versions in, so that `secrets set` and a deploy hand them out.
   */
  fingerprint(): string;
  /** Names alone. */
  secrets: SecretStore;
  /** Throws DEPLOY_LOCKED with who has it and until when. */
  lock(ttl: number): Promise<Lease>;
  /** The newest first; at most 50. */
  releases(): Promise<Release[]>;
  /** Makes the release of what was applied, beside the live one, or finds the one that was made before. */
  release(made: Made): Promise<Release>;
  /** Where requests reach exactly this release. Called before it has traffic. */
  candidate(release: Release): Promise<Candidate>;
  /** Told the shares of a canary before anything is planned, for vendors that must know them all or take not every one. */
  canary?(shares: readonly number[]): void | Promise<void>;
  /** All traffic in one step; a `share` between 0 and 1 sends that much to it, and the rest to the live one. */
  switch(release: Release, share?: number): Promise<void>;
  /** Ends a canary or a candidate that is not wanted: all traffic to the live release, nothing left half. */
  reset(): Promise<void>;
  /** Where the world reaches the live release. */
  urls(): Promise<URL[]>;
  /** What a release answered since a time; undefined where the vendor has no figures yet. */
  metrics?(release: Release, since: number): Promise<Metrics | undefined>;
  /** The newest lines, then what comes while `follow` and the signal last. */
  logs?(options: { follow: boolean; since: number; signal: AbortSignal }): AsyncIterable<LogLine>;
  /** Removes what no kind lists (releases, the lock itself), after everything else is gone. */
  destroy(): Promise<void>;
  /** Lets go of sockets and processes. */
  close(): Promise<void>;
}

/** One thing that should be there. */
export interface Spec<Value = unknown> {
  kind: string;
  /** Unique among its kind in the stage. */
  name: string;
  /** Ids (`kind/name`) that must be there first. */
  after?: readonly string[];
  value: Value;
}

/** How one kind of thing is looked up, compared and changed. */
export interface ResourceKind<Value = unknown, Live = unknown> {
  name: string;
  /** `prepare`: beside what is live, before the switch. `settle`: what the vendor does not version, after it. */
  phase: "prepare" | "settle";
  /** Only what is tagged or named as this app's and stage's: others' are never seen. By name. */
  list(): Promise<Map<string, Live>>; // asked again under the lock, so nothing is remembered from the last time
  /** What differs; empty when nothing does. Pure. */
  diff(value: Value, live: Live): Change[];
  create(spec: Spec<Value>, made: Made): Promise<Live>;
  update(spec: Spec<Value>, live: Live, made: Made): Promise<Live>;
  /** Nothing is there afterwards; that it was gone already is no error. Absent: it goes with something else. */
  remove?(name: string, live: Live): Promise<void>;
  /** Why a change cannot be undone, where it cannot. The plan says it. */
  irreversible?(spec: Spec<Value> | undefined, live: Live | undefined): string | undefined;
}

/** As the engine holds kinds: a kind alone knows its values. `defineKind` makes one. */
export type AnyKind = ResourceKind<unknown, unknown>;

/** What exists by id (`kind/name`): what was there unchanged, and what was made so far. */
export interface Made {
  /** Throws when it is not there: a spec that needs it must name it in `after`. */
  get(id: string): unknown;
  find(id: string): unknown;
}

export interface Change {
  /** `code`, `memory`, `env.LOG_LEVEL`. */
  path: string;
  /** In words; absent where there was none. A secret's value never. */
  from?: string;
  to?: string;
  /** Somebody changed it by hand: the last deploy had set what is asked for now. */
  drift?: boolean;
}

export interface Release {
  /** The vendor's own, as `godwit rollback <id>` takes it. */
  id: string;
  fingerprint: string;
  /** ISO 8601. */
  at: string;
  /** Share of the traffic, 0 to 1. */
  share: number;
  /** It had all the traffic once and can be gone back to: what only a proof or a canary saw cannot. */
  kept: boolean;
}

export interface Candidate {
  url: URL;
  headers: Record<string, string>;
}

export interface Metrics {
  requests: number;
  /** Answers of 500 and above, and failures without one. */
  errors: number;
  /** Milliseconds. */
  p95?: number;
}

export interface Lease {
  /** Throws DEPLOY_LOCK_LOST when somebody else has it. Called between steps that change something. */
  renew(): Promise<void>;
  /** Also after `input.signal` was aborted: it has a deadline of its own. That it was lost or is gone is no error. */
  release(): Promise<void>;
}

export interface SecretStore {
  list(): Promise<string[]>;
  set(name: string, value: string): Promise<void>;
  /** That it was not there is no error. */
  remove(name: string): Promise<void>;
}

export interface LogLine {
  /** Milliseconds since 1970. */
  at: number;
  function: string;
  text: string;
}

/** How a control plane starts and keeps itself. */
export interface RehearsalOptions {
  /** Its state, on disk: a later command finds what an earlier one deployed. */
  folder: string;
  run: RunArtefact;
  host?: string;
  /** 0, the default, takes a free one. */
  port?: number;
  /** Asked before each call that the control plane answers, for tests. */
  fault?: FaultPlan;
  clock?: Clock;
  /** Where a control plane with tables keeps items; opened when the first is asked for. Default: it keeps none. */
  tables?: () => Promise<TableServer>;
}

/** A server that speaks DynamoDB's protocol on this machine; empty, and gone when it is closed. */
export interface TableServer {
  url: URL;
  /** As DynamoDB's CreateTable is told; done when the table takes items. */
  createTable(input: Record<string, unknown>): Promise<void>;
  close(): Promise<void>;
}

export interface ControlPlane {
  url: URL;
  /** What the vendor's own clients, and `open`, read to come here instead: endpoint, region, credentials. */
  env: Record<string, string>;
  /** How many calls it answered, by their names, in order. */
  calls: readonly string[];
  close(): Promise<void>;
}

/** `name` is the vendor's word for the call (`lambda:PublishVersion`), `index` counts all calls from 0. */
export type FaultPlan = (name: string, index: number) => Fault | undefined;

export type Fault =
  /** The connection goes before the work is done, or after it (`lost`). */
  | { kind: "reset" | "lost" }
  /** No answer at all. */
  | { kind: "silence" }
  | { kind: "answer"; status: number; headers?: Record<string, string>; body?: string };

/** Runs what was uploaded in its real runtime. The caller of the engine brings it. */
export type RunArtefact = (upload: Upload) => Promise<RunningArtefact>;

export interface Upload {
  target: string;
  /** The front that stands before the units, or the platform's variant. */
  variant: string;
  units: readonly UploadedUnit[];
  /** In the platform's syntax; `function` is a unit's name. */
  routes: readonly FrontRoute[];
  /** A folder for what outlives a version: what Durable Objects hold. Default: in memory. */
  objects?: string;
}

export interface UploadedUnit {
  name: string;
  /** Path -> contents. */
  files: Readonly<Record<string, Uint8Array>>;
  /** One of the paths. */
  entry: string;
  env: Readonly<Record<string, string>>;
  /** Megabytes. */
  memory?: number;
  /** Milliseconds. */
  timeout?: number;
  /** As the platform's API spells them: KV namespaces, services, assets. */
  bindings?: readonly Record<string, unknown>[];
  /** What else the platform's API was told: compatibility date, runtime, handler. */
  settings?: Readonly<Record<string, unknown>>;
}

export interface RunningArtefact {
  /** A real socket, so that streams and raw bytes pass. */
  url: URL;
  fetch(request: Request): Promise<Response>;
  /** Milliseconds of CPU until the unit takes requests. */
  startup(unit: string): Promise<number>;
  logs: AsyncIterable<{ function: string; text: string }>;
  close(): Promise<void>;
}
