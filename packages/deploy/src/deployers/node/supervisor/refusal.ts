/**
 * Why the supervisor does not do what it was asked. The deployer gives each reason a code and a way out.
 * @module
 */
import type { Reason } from "./words.ts";

export class Refusal extends Error {
  readonly reason: Reason;
  constructor(reason: Reason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** The reason of an error of the system, by its code. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return new Refusal(code === "ENOSPC" || code === "EDQUOT" ? "disk-full" : "failed", message, { cause: error });
}
