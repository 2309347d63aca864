/**
 * What every vendor must say alike: each code is declared here once, and a vendor brings the words.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";

/** `lines` as `deploy.vercel.team: ...`. */
export function configInvalid(lines: readonly string[], page: string): GodwitError {
  return new GodwitError(
    "DEPLOY_CONFIG_INVALID",
    `The config is not valid:\n${lines.map((line) => `  ${line}`).join("\n")}\nSee ${page}.`,
  );
}

/** `way`: which variable or file, and where to get what goes in there. */
export function credentialsMissing(what: string, way: string): GodwitError {
  return new GodwitError("DEPLOY_CREDENTIALS_MISSING", `${what} ${way}`);
}

/** Wrong, expired, or of another account. */
export function credentialsInvalid(said: string, way: string, cause?: unknown): GodwitError {
  return new GodwitError("DEPLOY_CREDENTIALS_INVALID", `${said}\n${way}`, { cause });
}

/** `permission` as the vendor spells it, with what it is needed on. */
export function accessDenied(said: string, permission: string, cause?: unknown): GodwitError {
  return new GodwitError("DEPLOY_ACCESS_DENIED", `${said}\nMissing: ${permission}`, { cause });
}

export function quotaReached(said: string, way: string, cause?: unknown): GodwitError {
  return new GodwitError("DEPLOY_QUOTA", `${said}\n${way}`, { cause });
}

/** Somebody else's resource has the name that this app's would have. */
export function nameTaken(what: string, way: string): GodwitError {
  return new GodwitError("DEPLOY_NAME_TAKEN", `${what} It was not touched. ${way}`);
}

/** A region or a place that does not exist, or is not reached. */
export function placeUnknown(what: string, way: string, cause?: unknown): GodwitError {
  return new GodwitError("DEPLOY_PLACE_UNKNOWN", `${what} ${way}`, { cause });
}

/** Nothing of the app is there in this stage. */
export function nothingDeployed(app: string, stage: string, where: string): GodwitError {
  return new GodwitError("DEPLOY_NOTHING", `Nothing of ${app} is deployed as ${stage} on ${where}. Deploy it first.`);
}

/** `until` in milliseconds since 1970. */
export function locked(owner: string, until: number): GodwitError {
  return new GodwitError(
    "DEPLOY_LOCKED",
    `${owner} is deploying this stage. Its lock ends by itself at ${new Date(until).toISOString()}; try again then, or when it is done.`,
  );
}

export function lockLost(owner: string): GodwitError {
  return new GodwitError(
    "DEPLOY_LOCK_LOST",
    `${owner} took this stage's lock, since this deploy's had ended. Nothing more was changed; run it again.`,
  );
}

/** Without an id: there is none before the live one. `known`: what can be gone to. */
export function releaseUnknown(id: string | undefined, known: readonly string[]): GodwitError {
  const what =
    id === undefined ? "There is no release before the live one" : `There is no release ${JSON.stringify(id)}`;
  const others = known.length > 0 ? ` There are: ${known.join(", ")}.` : "";
  return new GodwitError("DEPLOY_RELEASE_UNKNOWN", `${what} to go to.${others} See godwit releases.`);
}

/** A file of the artefact is not what the manifest says. */
export function artefactChanged(path: string): GodwitError {
  return new GodwitError(
    "DEPLOY_ARTEFACT_CHANGED",
    `${path} is not what the build wrote. Nothing was switched. Build again, and leave dist/ alone while it is deployed.`,
  );
}
