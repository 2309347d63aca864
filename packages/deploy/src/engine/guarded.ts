/**
 * What every public function of the engine does around its work: no secret in what it throws, and a code in each error.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { DeployInput } from "../contracts.ts";
import { createRedact, type Redact, redactError } from "./redact.ts";
import { CallError } from "./retry.ts";

/** Variables of the shell that hold credentials. */
const CREDENTIAL = /(?:TOKEN|SECRET|PASSWORD|PASSPHRASE|PRIVATE_KEY|API_KEY|ACCESS_KEY)/i;
/** Shorter values stand for nothing: `test`, `true`. */
const LEAST = 12;

/** Masks the values of secrets at hand, and credentials of the shell. */
export function redactOf(input: Pick<DeployInput, "secrets" | "env">): Redact {
  const credentials = Object.entries(input.env)
    .filter(([name, value]) => CREDENTIAL.test(name) && (value?.length ?? 0) >= LEAST)
    .map(([, value]) => value);
  return createRedact([...Object.values(input.secrets), ...credentials]);
}

/** Runs the work; what it throws has a code and no secret. Throws DEPLOY_CALL_FAILED for a call that a vendor refused. */
export async function guarded<T>(input: Pick<DeployInput, "secrets" | "env">, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw redactError(error instanceof CallError ? callFailed(error) : error, redactOf(input));
  }
}

function callFailed(error: CallError): GodwitError {
  const { call, code, status, transient, message } = error;
  const named = message.includes(call); // some vendors' clients name the call in their words, others do not
  const facts = [code, status > 0 ? `HTTP ${status}` : named ? "" : "no answer"].filter(Boolean).join(", ");
  const said = named
    ? `${message.replace(/\.$/, "")}${facts && ` (${facts})`}.`
    : `${call} failed${facts && ` (${facts})`}: ${message}`;
  const way = transient
    ? "It was tried several times. Running the command again goes on where this one stopped."
    : "Running the command again goes on where this one stopped, once the reason is mended.";
  return new GodwitError("DEPLOY_CALL_FAILED", `${said}\n${way}`, { cause: error });
}
