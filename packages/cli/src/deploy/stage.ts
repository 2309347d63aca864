/**
 * The stage of a command: named, or one per branch.
 * @module
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { GodwitError } from "@godwit/core/errors";

/** Of a pull request, the branch that it comes from. */
const REQUESTED = "GITHUB_HEAD_REF";
/** Where CI systems say the branch. */
const CI_BRANCH = [REQUESTED, "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BITBUCKET_BRANCH", "BUILDKITE_BRANCH"];
/** Branches whose stage is production. */
const MAIN = ["main", "master"];
/** Stages are part of names that vendors bound. */
const LENGTH = 32;

/** No hyphen at its end, where names of vendors have none. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

export function isStageName(text: string): boolean {
  return NAME.test(text);
}

/** Throws DEPLOY_BRANCH_UNKNOWN where there is no branch. */
export async function stageOfBranch(root: string, env: Record<string, string | undefined>): Promise<string> {
  const named = CI_BRANCH.map((name) => env[name]).find(Boolean);
  const branch = named ?? (await currentBranch(root));
  // a fork's pull request may come from a branch main of its own
  if (branch) return env[REQUESTED] && MAIN.includes(branch) ? branch : toStageName(branch);
  throw new GodwitError(
    "DEPLOY_BRANCH_UNKNOWN",
    `--stage-from-branch found no branch: git has none here, and ${CI_BRANCH.join(", ")} are not set. Name the stage with --stage.`,
  );
}

/** `pr-12` -> `pr-12`, `main` -> `production`; what must be changed ends in a hash: `feature/a` -> `feature-a-1f2e3d`. */
export function toStageName(branch: string): string {
  if (MAIN.includes(branch)) return "production";
  const plain = branch
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  // a branch must not take the stage of another one, or production's, by how it is written
  if (plain === branch && plain !== "production" && plain.length <= LENGTH) return plain;
  const hash = createHash("sha256").update(branch).digest("hex").slice(0, 6);
  return `${plain.slice(0, LENGTH - 7).replace(/-+$/, "") || "branch"}-${hash}`;
}

async function currentBranch(root: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)("git", ["branch", "--show-current"], { cwd: root, timeout: 10_000 });
    return stdout.trim() || undefined;
  } catch {
    return undefined; // no git, or no repository
  }
}
