/**
 * What every emulator says when it cannot do what it is asked: one code where the meaning is one.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";

/** To a trigger that the artefact has not. `known` are the patterns that have a schedule. */
export function unknownTrigger(kind: string, pattern: unknown, known: readonly string[]): GodwitError {
  return new GodwitError(
    "EMULATOR_TRIGGER_UNKNOWN",
    `No ${kind} trigger of ${JSON.stringify(pattern)} in this artefact. Schedules: ${known.join(", ") || "none"}.`,
  );
}

/** The app was triggered and failed. `why` is a sentence's end. */
export function triggerFailed(kind: string, pattern: unknown, why: string): GodwitError {
  return new GodwitError("EMULATOR_TRIGGER_FAILED", `The ${kind} of ${pattern} failed: ${why}. The log says more.`);
}

export function unknownFunction(id: string): GodwitError {
  return new GodwitError("EMULATOR_FUNCTION_UNKNOWN", `The artefact has no function ${JSON.stringify(id)}.`);
}

/** `flags` are those of `npm install`. */
export function toolMissing(name: string, flags = "--save-dev"): GodwitError {
  return new GodwitError("EMULATOR_TOOL_MISSING", `${name} is not installed. Run \`npm install ${flags} ${name}\`.`);
}

/** `text` is what it printed, or where that is. */
export function startFailed(what: string, text: string, cause?: unknown): GodwitError {
  return new GodwitError("EMULATOR_START_FAILED", `${what} did not start. ${text}`, { cause });
}

/** A file of the artefact is missing or broken. */
export function artefactInvalid(what: string, cause?: unknown): GodwitError {
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  return new GodwitError("EMULATOR_ARTEFACT_INVALID", `${what} cannot be read${why}. Build again.`, { cause });
}
