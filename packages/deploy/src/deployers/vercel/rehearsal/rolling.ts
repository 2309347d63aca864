/**
 * Rolling releases: https://vercel.com/docs/rest-api/reference/endpoints/rolling-release
 * @module
 */
import type { Answer, Call } from "../../../rehearsal/server.ts";
import { type ProjectRecord, type Records, toProduction } from "./records.ts";
import { type Parts, Refusal, readJson } from "./request.ts";

interface Asked {
  canaryDeploymentId: string;
  nextStageIndex: number;
  enabled: boolean;
  stages: { targetPercentage: number }[];
}

export async function handleRolling(
  { state, now }: Parts,
  call: Call,
  project: ProjectRecord,
  rest: string,
): Promise<Answer> {
  if (call.method === "GET" && rest === "") return { status: 200, body: { rollingRelease: show(state.data, project) } };
  if (call.method === "GET" && rest === "/config")
    return { status: 200, body: { rollingRelease: showConfig(project) } };
  const asked = readJson<Asked>(call);
  if (call.method === "PATCH" && rest === "/config") {
    project.rollingConfig = { enabled: asked.enabled === true, stages: asked.stages ?? [] };
  } else if (call.method === "POST" && rest === "/start") {
    start(project, asked.canaryDeploymentId ?? "", now());
  } else if (call.method === "POST" && rest === "/approve-stage") {
    const rolling = active(project, asked.canaryDeploymentId);
    if (asked.nextStageIndex !== rolling.stage + 1)
      throw new Refusal(400, "bad_request", "That is not the next stage.");
    rolling.stage += 1;
    if (rolling.stage >= (project.rollingConfig?.stages.length ?? 0) - 1) finish(project);
  } else if (call.method === "POST" && rest === "/complete") {
    active(project, asked.canaryDeploymentId);
    finish(project);
  } else {
    throw new Refusal(404, "not_found", `The rehearsal has no ${call.method} ${call.path}.`);
  }
  if (project.rolling) project.rolling.updatedAt = now();
  await state.save();
  const rollingRelease = rest === "/config" ? showConfig(project) : show(state.data, project);
  return { status: 200, body: { rollingRelease } };
}

function start(project: ProjectRecord, canary: string, at: number): void {
  if (!project.rollingConfig?.enabled) throw new Refusal(400, "bad_request", "Rolling releases are not enabled.");
  if (project.rolling?.state === "ACTIVE") throw new Refusal(409, "conflict", "A rolling release is on its way.");
  if (project.production === undefined) throw new Refusal(400, "bad_request", "There is no production deployment.");
  project.rolling = { state: "ACTIVE", current: project.production, canary, stage: 0, startedAt: at, updatedAt: at };
}

function active({ rolling }: ProjectRecord, canary: string | undefined): NonNullable<ProjectRecord["rolling"]> {
  if (rolling?.state === "ACTIVE" && rolling.canary === canary) return rolling;
  throw new Refusal(404, "not_found", "No such rolling release is on its way.");
}

function finish(project: ProjectRecord): void {
  if (!project.rolling) return;
  project.rolling.state = "COMPLETE";
  toProduction(project, project.rolling.canary);
}

function showConfig({ rollingConfig }: ProjectRecord): object | null {
  if (!rollingConfig?.enabled) return null;
  return { target: "production", stages: rollingConfig.stages };
}

function show({ deployments }: Records, { rolling, rollingConfig }: ProjectRecord): object | null {
  if (!rolling) return null;
  const { state, current, canary, stage, startedAt, updatedAt } = rolling;
  const isActive = state === "ACTIVE";
  const stages = (rollingConfig?.stages ?? []).map(({ targetPercentage }, index) => ({
    index,
    targetPercentage,
    isFinalStage: targetPercentage === 100,
    requireApproval: true,
    duration: null,
  }));
  const deployment = (id: string) => {
    const { name = "", createdAt = 0, target = null } = deployments[id] ?? {};
    return { id, name, url: name, createdAt, target, readyState: "READY", readyStateAt: createdAt };
  };
  return {
    state,
    substate: null,
    advancementType: "manual-approval",
    currentDeployment: deployment(current),
    canaryDeployment: deployment(canary),
    queuedDeploymentId: null,
    stages,
    activeStage: stages[stage] ?? null,
    nextStage: (isActive && stages[stage + 1]) || null,
    startedAt,
    updatedAt,
  };
}
