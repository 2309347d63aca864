/**
 * What AWS's clients throw, first in the words of the engine's loop, then in words for people.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import {
  accessDenied,
  credentialsInvalid,
  credentialsMissing,
  placeUnknown,
  quotaReached,
} from "../../engine/errors.ts";
import { CallError } from "../../engine/retry.ts";

/** What the clients put into an error. */
interface Thrown {
  name?: string;
  code?: string;
  /** Of API Gateway: which quota it is. */
  LimitType?: string;
  message?: string;
  hostname?: string;
  $fault?: string;
  $metadata?: { httpStatusCode?: number };
  $response?: { headers?: Record<string, string> };
}

const THROTTLED = /^(Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|PriorRequestNotComplete)/;
const CREDENTIALS =
  /^(ExpiredToken|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSignature|IncompleteSignature|InvalidAccessKeyId|AuthFailure|RequestExpired|MissingAuthenticationToken|InvalidToken)/;
const DENIED = /^(AccessDenied|UnauthorizedOperation|Forbidden)/;
const QUOTA = /(LimitExceeded|QuotaExceeded|StorageExceeded)(Exception)?$/;
/** A name of AWS that no resolver knows is a region that is none. */
const NO_HOST = /^(ENOTFOUND|EAI_AGAIN)$/;

/** Attempts of a call that gets no proper answer; one that only comes too fast has those of the loop. */
const ATTEMPTS = 6;

/** As the retry loop takes it. */
export function toCallError(call: string, thrown: unknown, attempt = 1): Error {
  if (thrown instanceof GodwitError) return thrown;
  const { name = "", code = "", message = "", LimitType, $metadata, $response } = (thrown ?? {}) as Thrown; // read with defaults
  if (name === "CredentialsProviderError" || name === "TokenProviderError") {
    return credentialsMissing(
      `No credentials for AWS: ${message}`,
      "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; with single sign-on run `aws sso login` first.",
    );
  }
  if (message === "Region is missing") {
    return placeUnknown("No region is given.", "Set AWS_REGION, or `deploy: { aws: { region } }` in the config.");
  }
  const status = $metadata?.httpStatusCode ?? 0;
  const seconds = Number($response?.headers?.["retry-after"]);
  const throttled = THROTTLED.test(name) || status === 429;
  // An answer that could not be read (a proxy's page, a body cut short) tells nothing about what was done.
  const unread = !(thrown as Thrown | undefined)?.$fault && name !== "AbortError"; // as above
  const isOff = attempt < ATTEMPTS && (status >= 500 || (unread && !(status >= 400)));
  const transient = !NO_HOST.test(code) && (throttled || isOff);
  return new CallError(call, message, {
    code: NO_HOST.test(code) ? code : LimitType ? "LimitExceededException" : name,
    status,
    transient: transient && !LimitType,
    cause: thrown,
    ...(seconds > 0 && { retryAfter: seconds * 1000 }),
  });
}

/** In words for people; what is no failed call stays as it is. */
export function toWords(error: unknown): unknown {
  if (!(error instanceof CallError)) return error;
  const { call, code, message, status } = error;
  const said = `${call}: ${message || code || `no answer (${status})`}`;
  if (CREDENTIALS.test(code)) {
    const way = /^(Expired|RequestExpired)/.test(code)
      ? "The credentials have expired. Get new ones: `aws sso login`, or AWS_SESSION_TOKEN anew."
      : "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_PROFILE.";
    return credentialsInvalid(said, way, error);
  }
  // An answer to HEAD has no words.
  if (DENIED.test(code) || (status === 403 && /^(Unknown|$)/.test(code)))
    return accessDenied(said, permissionIn(call, message), error);
  if (QUOTA.test(code)) {
    return quotaReached(said, `Remove what is not needed, or ask for more under Service Quotas.`, error);
  }
  if (NO_HOST.test(code)) {
    return placeUnknown(said, "Is the region right? It is AWS_REGION, or `deploy.aws.region` in the config.", error);
  }
  return error; // the engine has the words for the others
}

/** Calls that are allowed under another name. */
const NAMES: Record<string, string> = { "s3:HeadBucket": "s3:ListBucket", "s3:ListObjectsV2": "s3:ListBucket" };

/** `lambda:CreateFunction on arn:...`, as AWS names it, else by the call. */
function permissionIn(call: string, message: string): string {
  const [, action, resource] = /perform: ([\w-]+:\w+)(?:.*? on resource: (\S+))?/.exec(message) ?? [];
  const named = `${action ?? NAMES[call] ?? call}${resource ? ` on ${resource}` : ""}`;
  return `${named}\nThe policy that a deploy needs is in infra/aws; see docs/deploy/aws.md.`;
}
