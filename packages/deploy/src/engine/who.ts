/**
 * Who has a lock, in words, and where process ids mean the same processes.
 * @module
 */
import { readlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";

/** `ada on laptop`, in a workflow of GitHub `ada (run 42)`; a container may have no name for its user. */
export function whoAmI({ GITHUB_ACTOR: actor, GITHUB_RUN_ID: run }: Record<string, string | undefined>): string {
  if (actor) return run ? `${actor} (run ${run})` : actor;
  try {
    return `${userInfo().username} on ${hostname()}`;
  } catch {
    return `somebody on ${hostname()}`;
  }
}

/** Two containers may share a name, and not their processes. */
export function machine(): string {
  try {
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}
