import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { platforms } from "@godwit/adapters/registry";
import { bundleModule, planApp } from "@godwit/bundler";
import type { EnvDefinition } from "@godwit/core/types";
import type { Command } from "commander";
import colors from "picocolors";
import { EXIT } from "../exit-codes.ts";
import { createCommand, openProject, type SetExit, type Shared } from "../options.ts";
import { print, printJson } from "../output.ts";
import type { Project, TargetName } from "../project/config.ts";
import { envFiles, stageEnv } from "../project/env-files.ts";
import { findTool, installCommand } from "../project/tools.ts";

interface Finding {
  check: string;
  ok: boolean;
  message: string;
}

export function command(exit: SetExit): Command {
  return createCommand("doctor", "check Node, the config, the routes, the env of a stage and the tools").action(
    async (options: Shared) => {
      const findings = await examine(options);
      if (options.json) printJson({ findings });
      else {
        for (const { check, ok, message } of findings) {
          print(`${ok ? colors.green("ok  ") : colors.red("fail")} ${colors.bold(check)} ${message}`);
        }
      }
      if (findings.some((finding) => !finding.ok)) exit(EXIT.failed);
    },
  );
}

const LEAST_NODE = [22, 13] as const;

async function examine(options: Shared): Promise<Finding[]> {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const modern = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  const findings: Finding[] = [
    {
      check: "node",
      ok: modern,
      message: modern
        ? process.version
        : `${process.version} is too old: Godwit needs ${LEAST_NODE.join(".")} or later.`,
    },
  ];
  const attempt = async (check: string, work: () => Promise<string>): Promise<void> => {
    try {
      findings.push({ check, ok: true, message: await work() });
    } catch (error) {
      findings.push({ check, ok: false, message: error instanceof Error ? error.message : String(error) });
    }
  };
  let project: Project | undefined;
  await attempt("config", async () => {
    project = await openProject(options);
    return `${project.name}, ${project.targets.join(", ")}`;
  });
  if (!project) return findings;
  const known = project;
  for (const name of options.target ?? known.targets) {
    await attempt(`routes (${name})`, () => checkRoutes(known, name));
    await attempt(`tools (${name})`, () => checkTools(known, name));
  }
  await attempt(`env (${options.stage})`, () => checkEnv(known, options.stage));
  return findings;
}

async function checkRoutes(project: Project, name: TargetName): Promise<string> {
  const { target } = await platforms[name].target();
  const targetConfig = await project.slice(name);
  const { plans, app } = await planApp({ root: project.root, target, targetConfig, config: project.build });
  return `${app.routes.length} routes in ${plans.length} functions`;
}

async function checkTools(project: Project, name: TargetName): Promise<string> {
  const { tools } = await platforms[name].emulate();
  const missing = Object.entries(tools).filter(([tool]) => !findTool(project.root, tool));
  if (missing.length === 0) return Object.keys(tools).join(", ") || "none needed";
  const lines = missing.map(
    ([tool, reason]) =>
      `${tool} is not installed: ${reason}. Install it with: ${installCommand(project.root, tool).join(" ")}`,
  );
  throw new Error(lines.join("\n"));
}

/** Runs `env.ts` on the values of a stage; what is missing or wrong is listed in one error, values never. */
async function checkEnv(project: Project, stage: string): Promise<string> {
  const { target } = await platforms.node.target();
  const targetConfig = await project.slice("node");
  const { app } = await planApp({ root: project.root, target, targetConfig, config: project.build });
  if (!app.env) return "there is no env.ts";
  const file = await bundleModule({ root: project.root, file: app.env });
  const { default: definition } = (await import(pathToFileURL(join(file)).href)) as { default: EnvDefinition };
  definition.parse(await stageEnv(project.root, stage, definition.names));
  return `${definition.names.length} variables from ${envFiles(stage).join(", ")} and the shell`;
}
