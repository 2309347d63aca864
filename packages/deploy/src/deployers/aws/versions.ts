/**
 * Versions and aliases of functions, and who may call them. A version never changes, and has its own permissions.
 * @module
 */
import type { CallError } from "../../engine/retry.ts";
import { ignore, type LiveFunction } from "./functions.ts";
import type { Stage } from "./stage.ts";

export interface Permission {
  /** Unique in the policy of the version or alias. */
  StatementId: string;
  Action: string;
  Principal: string;
  SourceArn?: string;
  FunctionUrlAuthType?: "NONE";
  InvokedViaFunctionUrl?: boolean;
}

/** Shares traffic between two versions while a canary is on its way. */
export const CANARY_ALIAS = "canary";
/** What schedules call, and the front of a lone function. */
export const LIVE_ALIAS = "live";

const EXISTS = "ResourceConflictException";
const NOT_FOUND = "ResourceNotFoundException";
const isBusy = ({ code, message }: CallError): boolean => code === EXISTS && /in progress/i.test(message);

/** Publishing what is published already gives the same version: an answer may be lost. */
export async function publish({ call }: Stage, { name, code, configuration }: LiveFunction): Promise<string> {
  const input = { FunctionName: name, CodeSha256: code, Description: configuration.Description };
  const { Version = "" } = await call("lambda", "PublishVersion", (lambda, o) => lambda.publishVersion(input, o), {
    also: isBusy,
  });
  return Version;
}

/** Lets somebody call a version or an alias. */
export async function permit(
  { call }: Stage,
  name: string,
  qualifier: string | undefined,
  permission: Permission,
): Promise<void> {
  const input = { FunctionName: name, ...(qualifier && { Qualifier: qualifier }), ...permission };
  await call("lambda", "AddPermission", (lambda, o) => lambda.addPermission(input, o), {
    expect: [EXISTS],
    also: isBusy,
  }).catch(ignore(EXISTS));
}

/** API Gateway, for one API. */
export async function permitApi(stage: Stage, name: string, qualifier: string, api: string): Promise<void> {
  const { partition, region, id } = await stage.account();
  await permit(stage, name, qualifier, {
    StatementId: "godwit-api",
    Action: "lambda:InvokeFunction",
    Principal: "apigateway.amazonaws.com",
    SourceArn: `arn:${partition}:execute-api:${region}:${id}:${api}/*`,
  });
}

/** `share` of an alias' traffic goes to `other`. */
export interface AliasTarget {
  version: string;
  other?: string;
  share?: number;
}

/** Makes an alias, or moves it: one call where it is there. */
export async function setAlias({ call }: Stage, name: string, alias: string, target: AliasTarget): Promise<void> {
  const { version, other, share = 0 } = target;
  const input = {
    FunctionName: name,
    Name: alias,
    FunctionVersion: version,
    RoutingConfig: { AdditionalVersionWeights: other && share > 0 ? { [other]: share } : {} },
  };
  const moved = await call("lambda", "UpdateAlias", (lambda, o) => lambda.updateAlias(input, o), {
    expect: [NOT_FOUND],
  }).catch(ignore(NOT_FOUND));
  if (moved) return;
  const made = await call("lambda", "CreateAlias", (lambda, o) => lambda.createAlias(input, o), {
    expect: [EXISTS],
  }).catch(ignore(EXISTS));
  // The first attempt made it, and its answer was lost.
  if (!made) await call("lambda", "UpdateAlias", (lambda, o) => lambda.updateAlias(input, o));
}

export async function getAlias({ call }: Stage, name: string, alias: string): Promise<AliasTarget | undefined> {
  const found = await call(
    "lambda",
    "GetAlias",
    (lambda, o) => lambda.getAlias({ FunctionName: name, Name: alias }, o),
    {
      expect: [NOT_FOUND],
    },
  ).catch(ignore(NOT_FOUND));
  if (!found) return undefined;
  const [[other, share] = []] = Object.entries(found.RoutingConfig?.AdditionalVersionWeights ?? {});
  return { version: found.FunctionVersion ?? "", ...(other && { other, share }) };
}

export async function removeAlias({ call }: Stage, name: string, alias: string): Promise<void> {
  await call("lambda", "DeleteAlias", (lambda, o) => lambda.deleteAlias({ FunctionName: name, Name: alias }, o), {
    expect: [NOT_FOUND],
  }).catch(ignore(NOT_FOUND));
}

/** A version that an alias still names stays: the next deploy looks again. */
export async function removeVersion({ call }: Stage, FunctionName: string, Qualifier: string): Promise<void> {
  await call("lambda", "DeleteFunction", (lambda, o) => lambda.deleteFunction({ FunctionName, Qualifier }, o), {
    expect: [NOT_FOUND, EXISTS],
  }).catch(ignore(NOT_FOUND, EXISTS));
}
