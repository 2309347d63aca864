/**
 * What Cloudflare's refusals mean, and what to do about them.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import { accessDenied, credentialsInvalid, placeUnknown, quotaReached } from "../../engine/errors.ts";
import { CallError } from "../../engine/retry.ts";

/** One error of an envelope. */
export interface Said {
  code: number;
  message: string;
}

const TOKENS = "https://dash.cloudflare.com/profile/api-tokens";

/** Worker not found. */
export const NO_WORKER = 10007;
/** The secrets of a version that is gone back to are others than those of the live one. */
export const SECRETS_DIFFER = 10220;
/** A KV namespace of that title is there. */
export const TITLE_TAKEN = 10014;
/** A zone has the route already. */
export const ROUTE_TAKEN = 10020;
/** There is nothing to inherit: the version before has no such binding. */
export const NOTHING_TO_INHERIT = 10057;

/** The code does not start, or the form is wrong. */
export const UPLOAD_INVALID = 10021;
/** The code is larger than the plan allows. */
export const TOO_LARGE = 10027;

/** Workers of the account, crons; of other quotas the words tell. */
const QUOTAS = [10037, 10072];
const QUOTA = /exceeded (?:the|your) limit|limit of \d+|maximum number of/i;

/** The error to throw for an answer that is none. `verify` says whether the token is a valid one. */
export async function explain(
  call: { name: string; scope: string; path: string },
  response: Response,
  errors: readonly Said[],
  text: string,
  verify: () => Promise<boolean>,
): Promise<Error> {
  const { status } = response;
  const codes = errors.map(({ code }) => code);
  const words = errors.map(({ code, message }) => `${message} [${code}]`).join("; ") || text.slice(0, 200);
  const said = `Cloudflare answered ${status} (${call.name}): ${words}`;
  if (status === 401 || (status === 400 && codes.some((code) => code === 6003 || code === 6111))) {
    return credentialsInvalid(said, `CLOUDFLARE_API_TOKEN is wrong or has expired. Make another at ${TOKENS}.`);
  }
  if (status !== 429 && (codes.some((code) => QUOTAS.includes(code)) || QUOTA.test(words))) {
    return quotaReached(
      said,
      "See https://developers.cloudflare.com/workers/platform/limits, and remove what is not needed.",
    );
  }
  if (status === 403) {
    if (!(await verify().catch(() => true))) {
      return credentialsInvalid(said, `CLOUDFLARE_API_TOKEN is wrong or has expired. Make another at ${TOKENS}.`);
    }
    return accessDenied(
      said,
      `the permission “${call.scope}” of CLOUDFLARE_API_TOKEN, on this account. Add it at ${TOKENS}, or set CLOUDFLARE_ACCOUNT_ID to an account that the token is for.`,
    );
  }
  if (codes.includes(7003) || codes.includes(7000)) {
    return placeUnknown(
      said,
      "Set CLOUDFLARE_ACCOUNT_ID, or deploy.cloudflare.account, to the id in the dashboard's address.",
    );
  }
  if (codes.includes(10027) || codes.includes(10021)) {
    return new GodwitError(
      "CLOUDFLARE_SCRIPT_REFUSED",
      `${said}\nNothing was switched. godwit preview --target cloudflare runs the same modules on this machine; godwit inspect shows what makes them large.`,
    );
  }
  return new CallError(call.name, said, { code: String(codes[0] ?? ""), status, ...retryAfter(response) });
}

/** Seconds or a date (RFC 9110 section 10.2.3). */
function retryAfter({ headers }: Response): { retryAfter?: number } {
  const value = headers.get("retry-after");
  if (value === null) return {};
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(wait) ? { retryAfter: Math.max(0, wait) } : {};
}
