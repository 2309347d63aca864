/**
 * The options that commands share, each written once.
 * @module
 */
import { resolve } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import { Command, InvalidArgumentError } from "commander";
import { closest } from "./project/closest.ts";
import { loadProject, type Project, TARGETS, type TargetName } from "./project/config.ts";

/** What every command takes. */
export interface Shared {
  root: string;
  target?: TargetName[];
  stage: string;
  json?: boolean;
}

export interface StageWords {
  stage?: string;
  stageIs?: string;
  /** Further exit codes: `2 a plan with changes, `. */
  codes?: string;
}

export type SetExit = (code: number) => void;

/** A command with the shared options in place; one that deploys has another stage in mind, and further ends. */
export function createCommand(
  name: string,
  description: string,
  { stage = "dev", stageIs = "whose .env files are read", codes = "" }: StageWords = {},
): Command {
  return new Command(name)
    .description(description)
    .option("--root <folder>", "the app's folder", ".")
    .option(
      "-t, --target <names>",
      `${TARGETS.join(", ")}; several with commas (default: the config's, else node)`,
      toTargets,
    )
    .option("--stage <name>", stageIs, toStage, stage)
    .option("--json", "print one JSON value, of an error too")
    .addHelpText("after", `\nExit codes: 0 ok, 1 failed, ${codes}64 wrong usage, 130 interrupted.`);
}

function toTargets(text: string): TargetName[] {
  const names = text.split(",").map((name) => {
    const known = TARGETS.find((target) => target === name.trim());
    if (known) return known;
    const near = closest(name.trim(), TARGETS);
    throw new InvalidArgumentError(
      `There is no target ${JSON.stringify(name)}; there are ${TARGETS.join(", ")}.${near ? ` Did you mean ${near}?` : ""}`,
    );
  });
  return [...new Set(names)];
}

function toStage(text: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,62}$/i.test(text)) return text;
  throw new InvalidArgumentError("A stage is named with letters, digits, hyphens and underscores.");
}

/** A whole number in a range, for an option. */
export function toNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= from && value <= to) return value;
    throw new InvalidArgumentError(`It takes a whole number from ${from} to ${to}.`);
  };
}

export function openProject(options: Shared): Promise<Project> {
  return loadProject(resolve(options.root));
}

/** For commands that work on one target at a time. Throws TARGET_AMBIGUOUS. */
export function oneTarget(options: Shared, project: Project): TargetName {
  const [target, ...others] = options.target ?? project.targets;
  if (!target || others.length > 0) {
    throw new GodwitError(
      "TARGET_AMBIGUOUS",
      `This command takes one target, and there are ${[target, ...others].join(", ")}. Name one with --target.`,
    );
  }
  return target;
}
