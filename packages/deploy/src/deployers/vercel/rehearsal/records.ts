/**
 * What the rehearsal of Vercel remembers, and in which shapes it tells it.
 * @module
 */
import { randomBytes } from "node:crypto";

export interface ProjectRecord {
  id: string;
  name: string;
  createdAt: number;
  production?: string;
  /** Deployments that were it before. */
  past?: string[];
  env: EnvRecord[];
  domains: { name: string; verified: boolean }[];
  bypass?: string;
  rollingConfig?: { enabled: boolean; stages: { targetPercentage: number }[] };
  rolling?: { state: string; current: string; canary: string; stage: number };
  lastAlias?: { jobStatus: string; requestedAt: number; toDeploymentId: string; type: string };
}

export interface EnvRecord {
  id: string;
  key: string;
  value: string;
  type: string;
  target: string[];
  createdAt: number;
  updatedAt: number;
}

export interface DeploymentRecord {
  id: string;
  projectId: string;
  name: string;
  createdAt: number;
  target: string | null;
  meta: Record<string, string>;
  files: { file: string; sha: string; size: number }[];
  /** As they were when it was made. */
  env: Record<string, string>;
}

export interface Records {
  projects: Record<string, ProjectRecord>;
  deployments: Record<string, DeploymentRecord>;
}

/** `prj_` and letters, as Vercel's are. */
export const newId = (prefix: string): string => `${prefix}_${randomBytes(12).toString("hex")}`;

/** Gives production's traffic to another deployment. */
export function toProduction(project: ProjectRecord, id: string): void {
  const { production, past = [] } = project;
  if (production !== undefined && production !== id) project.past = [...past, production];
  project.production = id;
}

export function showProject(project: ProjectRecord, host: string): object {
  const { id, name, createdAt, production, domains, bypass, rollingConfig, lastAlias } = project;
  const alias = [host, ...domains.map((domain) => domain.name)];
  return {
    id,
    name,
    accountId: ACCOUNT,
    createdAt,
    updatedAt: createdAt,
    framework: null,
    nodeVersion: "24.x",
    targets: production === undefined ? {} : { production: { id: production, alias } },
    ssoProtection: null,
    protectionBypass: bypass === undefined ? {} : { [bypass]: { scope: "automation-bypass", createdAt } },
    rollingRelease: rollingConfig?.enabled ? { target: "production", stages: rollingConfig.stages } : null,
    lastAliasRequest: lastAlias ?? null,
  };
}

/** Whoever holds a token is this account. */
export const ACCOUNT = "team_rehearsal";

/** `url` is a host. */
export function showDeployment(record: DeploymentRecord, url: string, wasLive: boolean): object {
  const { id, name, projectId, createdAt, target, meta } = record;
  return {
    id,
    uid: id,
    name,
    projectId,
    project: { id: projectId, name },
    url,
    inspectorUrl: `http://${url}/_logs`,
    ownerId: ACCOUNT,
    team: { id: ACCOUNT, slug: "rehearsal" },
    creator: { uid: "user_rehearsal", username: "rehearsal" },
    created: createdAt,
    createdAt,
    ready: createdAt,
    buildingAt: createdAt,
    readyState: "READY",
    state: "READY",
    readySubstate: wasLive ? "PROMOTED" : "STAGED",
    target,
    meta,
    alias: [],
    aliasAssigned: createdAt, // to its own address, whatever production reaches
    aliasError: null,
    regions: ["iad1"],
    plan: "pro",
    public: false,
    version: 2,
    type: "LAMBDAS",
  };
}

export function showEnv({ value, type, ...rest }: EnvRecord): object {
  const hidden = type === "encrypted" || type === "sensitive";
  return { ...rest, type, decrypted: !hidden, ...(!hidden && { value }) };
}
