/**
 * Nobody is there to say yes.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";

export function unconfirmed(what: string): GodwitError {
  return new GodwitError(
    "DEPLOY_UNCONFIRMED",
    `Nobody is there to confirm it. ${what} Add --yes to go on without a question.`,
  );
}
