/**
 * What this machine's AWS remembers: plain data, kept on disk.
 * @module
 */
import type { Clock } from "../../../contracts.ts";
import type { State } from "../../../rehearsal/state.ts";
import type { PolicyDocument } from "../role.ts";

export const ACCOUNT = "123456789012";

export interface CloudData {
  functions: Record<string, FunctionState>;
  roles: Record<string, RoleState>;
  apis: Record<string, ApiState>;
  parameters: Record<string, ParameterState>;
  logGroups: Record<string, LogGroupState>;
  rules: Record<string, RuleState>;
  buckets: Record<string, string[]>;
  domains: Record<string, DomainState>;
  /** Without what is in them. */
  tables: Record<string, TableState>;
}

export const emptyCloud = (): CloudData => ({
  functions: {},
  roles: {},
  apis: {},
  parameters: {},
  logGroups: {},
  rules: {},
  buckets: {},
  domains: {},
  tables: {},
});

/** Lambda's FunctionConfiguration, without what is computed. */
export type Configuration = Record<string, unknown> & { FunctionName: string; FunctionArn: string };

export interface FunctionState {
  latest: Configuration;
  versions: Record<string, Configuration>;
  next: number;
  /** Version that has `$LATEST` as it is. */
  published?: string;
  aliases: Record<string, AliasState>;
  /** By qualifier; the unqualified function's is under the empty one. */
  policies: Record<string, PermissionState[]>;
  urls: Record<string, UrlState>;
  tags: Record<string, string>;
  /** Milliseconds since 1970 until which Lambda is at work on it. */
  busyUntil: number;
  /** What it is at work on. */
  work: "create" | "update";
}

export interface AliasState {
  version: string;
  weights: Record<string, number>;
  description: string;
  revision: string;
}

export interface PermissionState {
  sid: string;
  action: string;
  principal: string;
  source?: string;
  condition?: string;
}

export interface UrlState {
  mode: string;
  auth: string;
  at: number;
  port: number;
}

export interface RoleState {
  name: string;
  arn: string;
  id: string;
  trust: string;
  description: string;
  tags: Record<string, string>;
  policies: Record<string, string>;
  boundary?: string;
  at: number;
}

export interface ApiState {
  id: string;
  name: string;
  description: string;
  tags: Record<string, string>;
  at: number;
  port: number;
  routes: Record<string, { key: string; target: string }>;
  integrations: Record<string, Record<string, unknown>>;
  stages: Record<string, { deployment?: string; at: number; updated: number; tags: Record<string, string> }>;
  deployments: Record<string, DeploymentState>;
}

export interface DeploymentState {
  description: string;
  at: number;
  /** Route key -> what its integration calls. */
  routes: Record<string, string>;
}

export interface ParameterState {
  value: string;
  type: string;
  version: number;
  at: number;
}

export interface LogGroupState {
  at: number;
  retention?: number;
  tags: Record<string, string>;
  events: { id: string; at: number; stream: string; text: string }[];
}

export interface RuleState {
  expression: string;
  state: string;
  description: string;
  targets: Record<string, { arn: string; input: string }>;
}

export interface DomainState {
  certificate: string;
  tags: Record<string, string>;
  mappings: Record<string, { api: string; stage: string; key: string }>;
}

export interface TableState {
  /** As CreateTable was told: keys and attributes. */
  keys: Record<string, unknown>;
  billing: string;
  tags: Record<string, string>;
  ttl?: string;
  at: number;
  /** Milliseconds since 1970 from when on it is active. */
  readyAt: number;
  /** Since then it is being deleted. */
  deletedAt?: number;
}

/** One request that a function answered. */
export interface Served {
  at: number;
  function: string;
  /** Alias or version that was called, and the version that answered. */
  qualifier: string;
  version: string;
  api: string;
  stage: string;
  took: number;
  status: number;
  /** It threw, crashed or ran out of time. */
  failed: boolean;
}

export interface Caller {
  account: string;
  arn: string;
  policy: PolicyDocument;
}

/** What an operation works with. */
export interface Context {
  cloud: CloudData;
  state: State<CloudData>;
  clock: Clock;
  region: string;
  caller: Caller;
  served: Served[];
  /** Opens what the outside reaches an API or a Function URL at. */
  listen(kind: "api" | "url", id: string, port: number): Promise<number>;
  host: string;
}

/** An action on a resource, with what a policy's conditions may ask. */
export interface Need {
  action: string;
  resource: string;
  context?: Record<string, string>;
}

export type Params = Record<string, unknown>;

export interface Operation {
  /** Permissions that the caller must have. */
  needs(context: Context, params: Params): Need[];
  run(context: Context, params: Params): unknown;
  /** Of the answer. Default 200. */
  status?: number;
}

export type Operations = Record<string, Operation>;

/** As AWS answers a call that it refuses. */
export class Refused extends Error {
  readonly code: string;
  readonly status: number;
  readonly more: Record<string, unknown>;
  constructor(code: string, message: string, status = 400, more: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.more = more;
  }
}

export const text = (value: unknown): string => (typeof value === "string" ? value : "");
export const list = <T = unknown>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : []); // of what the client sent

/** Pages by position. */
export function paginate<T>(all: readonly T[], token: unknown, most: number): { items: T[]; next?: string } {
  const from = Number(text(token)) || 0;
  const items = all.slice(from, from + most);
  return from + most < all.length ? { items, next: String(from + most) } : { items };
}

export function parse(body: Buffer): Params {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString());
    return value && typeof value === "object" ? (value as Params) : {}; // an object, as just seen
  } catch {
    throw new Refused("SerializationException", "The body is not JSON.");
  }
}
