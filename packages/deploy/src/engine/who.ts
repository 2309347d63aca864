/**
 * Who has a lock, in words.
 * @module
 */
import { hostname, userInfo } from "node:os";

/** `ada on laptop`; a container may have no name for its user. */
export function whoAmI(): string {
  try {
    return `${userInfo().username} on ${hostname()}`;
  } catch {
    return `somebody on ${hostname()}`;
  }
}
