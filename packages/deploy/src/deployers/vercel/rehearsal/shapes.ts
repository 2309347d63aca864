/**
 * In which shapes the rehearsal tells what it remembers: those of Vercel's specification of its API, whose SDK judges
 * them in the tests.
 * @module
 */
import type { DeploymentRecord, EnvRecord, ProjectRecord } from "./records.ts";

/** Whoever holds a token is this account. */
export const ACCOUNT = "team_rehearsal";
const USER = "user_rehearsal";
const MEMORY = { functionDefaultRegions: ["iad1"] };

export const team: object = {
  id: ACCOUNT,
  slug: "rehearsal",
  name: "Rehearsal",
  avatar: null,
  description: null,
  creatorId: USER,
  createdAt: 0,
  updatedAt: 0,
  stagingPrefix: "rehearsal",
  billing: { plan: "pro" },
};

export const user: object = {
  id: USER,
  username: "rehearsal",
  name: "Rehearsal",
  email: "rehearsal@localhost",
  avatar: null,
  billing: null,
  createdAt: 0,
  defaultTeamId: ACCOUNT,
  hasTrialAvailable: false,
  resourceConfig: {},
  softBlock: null,
  stagingPrefix: "rehearsal",
  version: "northstar",
};

/** All of it is on one page. */
export const onePage = (list: readonly unknown[]): object => ({ count: list.length, next: null, prev: null });

/** `live` is the deployment of production. */
export function showProject(project: ProjectRecord, host: string, live: DeploymentRecord | undefined): object {
  const { id, name, createdAt, updatedAt = createdAt, domains, bypass, rollingConfig, lastAlias, settings } = project;
  const alias = [host, ...domains.map((domain) => domain.name)];
  return {
    id,
    name,
    accountId: ACCOUNT,
    createdAt,
    updatedAt,
    framework: settings?.framework ?? null,
    rootDirectory: settings?.rootDirectory ?? null,
    nodeVersion: settings?.nodeVersion ?? "24.x",
    directoryListing: false,
    alias: alias.map((domain) => ({ domain, environment: "production", target: "PRODUCTION", deployment: null })),
    defaultResourceConfig: MEMORY,
    resourceConfig: MEMORY,
    deploymentExpiration: {},
    targets: live ? { production: { ...showTarget(live), alias } } : {},
    ssoProtection: null,
    protectionBypass: bypass ? showBypass(bypass) : {},
    rollingRelease: rollingConfig?.enabled ? { target: "production", stages: rollingConfig.stages } : null,
    lastAliasRequest: lastAlias ?? null,
  };
}

function showTarget({ id, name, createdAt, meta }: DeploymentRecord): object {
  return {
    id,
    name,
    meta,
    createdAt,
    createdIn: "iad1",
    creator: { uid: USER, username: "rehearsal", email: "rehearsal@localhost" },
    deploymentHostname: name,
    forced: false,
    plan: "pro",
    private: false,
    readyState: "READY",
    teamId: ACCOUNT,
    type: "LAMBDAS",
    url: name,
    userId: USER,
  };
}

export function showBypass({ secret, createdAt }: NonNullable<ProjectRecord["bypass"]>): object {
  return { [secret]: { scope: "automation-bypass", createdAt, createdBy: USER } };
}

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
    team: { id: ACCOUNT, slug: "rehearsal", name: "Rehearsal" },
    creator: { uid: USER, username: "rehearsal" },
    created: createdAt,
    createdAt,
    ready: createdAt,
    buildingAt: createdAt,
    readyState: "READY",
    state: "READY",
    status: "READY",
    readySubstate: wasLive ? "PROMOTED" : "STAGED",
    target,
    meta,
    alias: [],
    aliasAssigned: true, // to its own address, whatever production reaches
    aliasAssignedAt: createdAt,
    aliasError: null,
    bootedAt: createdAt,
    build: { env: [] },
    env: Object.keys(record.env),
    projectSettings: { framework: null },
    regions: ["iad1"],
    plan: "pro",
    public: false,
    version: 2,
    type: "LAMBDAS",
  };
}

export function showEnv({ value, type, ...rest }: EnvRecord): object {
  const hidden = type === "encrypted" || type === "sensitive";
  return { ...rest, type, decrypted: !hidden, value: hidden ? "" : value, securityIssues: [] };
}

export function showDomain({ id }: ProjectRecord, domain: ProjectRecord["domains"][number]): object {
  return { ...domain, apexName: domain.name.split(".").slice(-2).join("."), projectId: id };
}
