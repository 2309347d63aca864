/**
 * The oldest Node that Godwit runs on.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";

const LEAST = [22, 13] as const;

/** Throws NODE_TOO_OLD for a version before 22.13; gives it back otherwise. */
export function checkNode(version: string = process.versions.node): string {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return version;
  throw new GodwitError(
    "NODE_TOO_OLD",
    `Node ${version} is too old: Godwit needs ${LEAST.join(".")} or later. Install a newer Node.`,
  );
}
