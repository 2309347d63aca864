/**
 * What every emulator says to a trigger that its artefact has not.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";

/** `known` are the patterns that have a schedule. */
export function unknownTrigger(kind: string, pattern: unknown, known: readonly string[]): GodwitError {
  return new GodwitError(
    "EMULATOR_TRIGGER_UNKNOWN",
    `No ${kind} trigger of ${JSON.stringify(pattern)} in this artefact. Schedules: ${known.join(", ") || "none"}.`,
  );
}
