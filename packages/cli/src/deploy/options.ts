/**
 * What every deploy command takes.
 * @module
 */
import { resolve } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import type { Command } from "commander";
import { createCommand, openProject, type Shared } from "../options.ts";
import type { Project, TargetName } from "../project/config.ts";
import { type Opened, withStage } from "./open.ts";
import { createSpeaker, type Speaker } from "./speak.ts";
import { isStageName, stageOfBranch } from "./stage.ts";

export interface DeployShared extends Shared {
  stageFromBranch?: boolean;
  rehearse?: boolean;
}

const CODES = "2 a plan with changes, 3 a canary that went back, ";

/** A command on a deployed stage. */
export function createDeployCommand(name: string, description: string, codes = ""): Command {
  return createCommand(name, description, { stage: "production", stageIs: "an isolated copy of the app", codes })
    .option("--stage-from-branch", "the branch's own stage; production for main and master")
    .option("--rehearse", "against the vendor's control plane on this machine, without an account");
}

/** With the exit codes that a deploy alone has. */
export function createShippingCommand(name: string, description: string): Command {
  return createDeployCommand(name, description, CODES);
}

/** The project, and the stage of the command line. Throws DEPLOY_STAGE_INVALID. */
export async function openCommand(options: DeployShared): Promise<{ project: Project; stage: string }> {
  const root = resolve(options.root);
  const stage = options.stageFromBranch ? await stageOfBranch(root, process.env) : options.stage;
  if (!isStageName(stage)) {
    throw new GodwitError(
      "DEPLOY_STAGE_INVALID",
      `A stage that is deployed is named with lower-case letters, digits and hyphens between them, at most 32: not ${JSON.stringify(stage)}.`,
    );
  }
  return { project: await openProject(options), stage };
}

export interface Looking extends Opened {
  target: TargetName;
  stage: string;
  speaker: Speaker;
}

/** For commands without a build: opens the stage on each target, one after the other, and prints one JSON value. */
export async function onEachTarget(
  options: DeployShared,
  key: string,
  work: (opened: Looking) => Promise<Record<string, unknown>>,
): Promise<void> {
  const { project, stage } = await openCommand(options);
  const speaker = createSpeaker(Boolean(options.json));
  const results: Record<string, unknown>[] = [];
  try {
    for (const target of options.target ?? project.targets) {
      const rehearse = Boolean(options.rehearse);
      const result = await withStage({ project, target, stage, rehearse, speaker }, (opened) =>
        work({ ...opened, target, stage, speaker }),
      );
      results.push({ target, stage, ...result });
    }
    if (options.json) speaker.json({ [key]: results });
  } finally {
    speaker.end();
  }
}
