/**
 * What `godwit doctor` looks at. Each check is a sentence when all is well, and an error or a warning when not.
 * @module
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { platforms } from "@godwit/adapters/registry";
import { planApp } from "@godwit/bundler";
import { GodwitError } from "@godwit/core/errors";
import type { Project, TargetName } from "./config.ts";
import { checkEnv } from "./env-check.ts";
import { envFiles } from "./env-files.ts";
import { checkNode } from "./node-version.ts";
import { findTool, toolMissing } from "./tools.ts";

export interface Finding {
  check: string;
  level: "ok" | "warn" | "fail";
  /** Of an error that has one. */
  code?: string;
  message: string;
}

/** Every check, in order; a config that cannot be read leaves the others out. */
export async function examine(
  open: () => Promise<Project>,
  stage: string,
  targets: readonly TargetName[] | undefined,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const attempt = async (check: string, work: () => string | undefined | Promise<string | undefined>) => {
    try {
      const message = await work();
      if (message !== undefined) findings.push({ check, level: "ok", message });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const code = error instanceof GodwitError ? error.code : undefined;
      findings.push({ check, level: error instanceof Warning ? "warn" : "fail", ...(code && { code }), message });
    }
  };
  await attempt("node", () => checkNode());
  let project: Project | undefined;
  await attempt("config", async () => {
    project = await open();
    return `${project.name}, ${project.targets.join(", ")}`;
  });
  if (!project) return findings;
  const known = project;
  for (const name of targets ?? known.targets) {
    await attempt(`routes (${name})`, () => checkRoutes(known, name));
    await attempt(`tools (${name})`, () => checkTools(known, name));
    await attempt(`env (${name}, ${stage})`, () => describeEnv(known, stage, name));
  }
  await attempt("secrets", () => checkIgnored(known.root, stage));
  return findings;
}

/** Worth a line, and no reason to fail. */
class Warning extends Error {}

async function checkRoutes(project: Project, name: TargetName): Promise<string> {
  const { target } = await platforms[name].target();
  const targetConfig = await project.slice(name);
  const { plans, app } = await planApp({ root: project.root, target, targetConfig, config: project.build });
  return `${count(app.routes.length, "route")} in ${count(plans.length, "function")}`;
}

async function checkTools(project: Project, name: TargetName): Promise<string> {
  const { tools } = await platforms[name].emulate();
  const missing = Object.entries(tools).filter(([tool]) => !findTool(project.root, tool));
  if (missing.length === 0) return Object.keys(tools).join(", ") || "none needed";
  throw toolMissing(project.root, Object.fromEntries(missing));
}

async function describeEnv(project: Project, stage: string, target: TargetName): Promise<string> {
  const declared = await checkEnv(project, stage, target);
  if (declared === undefined) return "there is no env.ts";
  return `${count(declared, "variable")} from ${envFiles(stage).join(", ")} and the shell`;
}

/** `.env` files that git would take, or has taken. Nothing is said where there is no git. */
async function checkIgnored(root: string, stage: string): Promise<string | undefined> {
  const files = envFiles(stage).filter((name) => existsSync(join(root, name)));
  if (files.length === 0 || (await git(root, ["rev-parse", "--git-dir"])) === undefined) return undefined;
  const ignored = (await git(root, ["check-ignore", ...files])) ?? "";
  const open = files.filter((name) => !ignored.split("\n").includes(name));
  if (open.length === 0) return `${files.join(", ")} ${files.length === 1 ? "is" : "are"} ignored by git`;
  throw new Warning(
    `git does not ignore ${open.join(", ")}. If secrets are in there, add a line to .gitignore: ${open.join(" ")}`,
  );
}

function git(cwd: string, args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile("git", args, { cwd }, (error, stdout) => resolve(error ? undefined : stdout));
  });
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
