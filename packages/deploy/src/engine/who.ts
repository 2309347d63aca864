/**
 * Who has a lock, in words, and where process ids mean the same processes.
 * @module
 */
import { readlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";

/** `ada on laptop`; a container may have no name for its user. */
export function whoAmI(): string {
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
