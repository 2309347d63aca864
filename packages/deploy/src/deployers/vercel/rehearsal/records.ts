/**
 * What the rehearsal of Vercel remembers.
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
  bypass?: { secret: string; createdAt: number };
  rollingConfig?: { enabled: boolean; stages: { targetPercentage: number }[] };
  rolling?: { state: string; current: string; canary: string; stage: number; startedAt: number; updatedAt: number };
  /** What somebody changed in it. */
  settings?: ProjectSettings;
  updatedAt?: number;
  lastAlias?: {
    jobStatus: string;
    requestedAt: number;
    fromDeploymentId: string | null;
    toDeploymentId: string;
    type: string;
  };
}

export interface ProjectSettings {
  framework?: string | null;
  rootDirectory?: string | null;
  nodeVersion?: string;
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
