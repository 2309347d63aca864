/**
 * Rolling releases: https://vercel.com/docs/rest-api/reference/endpoints/rolling-release
 * @module
 */
import type { Answer, Call } from "../../../rehearsal/server.ts";
import { type ProjectRecord, toProduction } from "./records.ts";
import { type Parts, Refusal, readJson } from "./request.ts";

interface Asked {
  canaryDeploymentId: string;
  nextStageIndex: number;
  enabled: boolean;
  stages: { targetPercentage: number }[];
}

export async function handleRolling(
  { state }: Parts,
  call: Call,
  project: ProjectRecord,
  rest: string,
): Promise<Answer> {
  if (call.method === "GET" && rest === "") return { status: 200, body: { rollingRelease: show(project) } };
  const asked = readJson<Asked>(call);
  if (call.method === "PATCH" && rest === "/config") {
    project.rollingConfig = { enabled: asked.enabled === true, stages: asked.stages ?? [] };
  } else if (call.method === "POST" && rest === "/start") {
    start(project, asked.canaryDeploymentId ?? "");
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
  await state.save();
  return { status: 200, body: { rollingRelease: show(project) } };
}

function start(project: ProjectRecord, canary: string): void {
  if (!project.rollingConfig?.enabled) throw new Refusal(400, "bad_request", "Rolling releases are not enabled.");
  if (project.rolling?.state === "ACTIVE") throw new Refusal(409, "conflict", "A rolling release is on its way.");
  if (project.production === undefined) throw new Refusal(400, "bad_request", "There is no production deployment.");
  project.rolling = { state: "ACTIVE", current: project.production, canary, stage: 0 };
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

function show({ rolling, rollingConfig }: ProjectRecord): object | null {
  if (!rolling) return null;
  const stages = rollingConfig?.stages ?? [];
  const stage = stages[rolling.stage];
  return {
    state: rolling.state,
    currentDeployment: { id: rolling.current },
    canaryDeployment: { id: rolling.canary },
    stages: stages.map((one, index) => ({ index, ...one })),
    activeStage: stage ? { index: rolling.stage, ...stage } : null,
    nextStage: stages[rolling.stage + 1] ?? null,
  };
}
