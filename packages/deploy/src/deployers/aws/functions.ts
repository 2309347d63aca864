/**
 * The Lambda functions. What is changed here is `$LATEST`, which no traffic reaches: a release names versions. After a
 * rollback, or a release that was not proven, `$LATEST` is not what is live: then the live version is compared.
 * @module
 */
import type { FunctionConfiguration } from "@aws-sdk/client-lambda";
import { GodwitError } from "@godwit/core/errors";
import type { AnyKind, Change, Made } from "../../contracts.ts";
import { nameTaken } from "../../engine/errors.ts";
import { defineKind } from "../../engine/kind.ts";
import { hashOf } from "../../engine/names.ts";
import { CallError } from "../../engine/retry.ts";
import { collect } from "./client.ts";
import { readCode } from "./code.ts";
import type { Stage } from "./stage.ts";

export interface FunctionValue {
  id: string;
  name: string;
  /** The zip's path below the artefact, its SHA-256 in base64 as Lambda tells it, and its size. */
  zip: string;
  code: string;
  bytes: number;
  runtime: string;
  handler: string;
  architecture: string;
  /** Megabytes and seconds. */
  memory: number;
  timeout: number;
  env: Record<string, string>;
  /** Names in `env` whose values are never shown. */
  secrets: readonly string[];
  layers: readonly string[];
  vpc?: { subnets: readonly string[]; securityGroups: readonly string[] };
  logGroup: string;
  /** A role that is given; by default the stage's own. */
  role?: string;
  /** Over all of it but the values of secrets: equal to the live one's where somebody changed that by hand. */
  hash: string;
}

export interface LiveFunction {
  id: string;
  name: string;
  arn: string;
  /** Of the description: what the last deploy set. */
  hash: string;
  code: string;
  /** Changes with every change of code and settings, and with nothing else. */
  mark: string;
  revision: string | undefined;
  configuration: FunctionConfiguration;
  /** This is the version that is live, and `$LATEST` is something else. */
  version?: string;
}

/** What a front has to do with functions. */
export interface FunctionFront {
  /** A function is about to be removed: releases that need it cannot be gone back to. */
  forget?(id: string): Promise<void>;
  /** Function's id -> version of the live release, where a newer one was made: `$LATEST` may be that one's. */
  behind(): Promise<Readonly<Record<string, string>> | undefined>;
}

/** A role that was made a moment ago is not known everywhere at once. */
const ROLE_UNKNOWN = /cannot be assumed|role defined for the function/;
const isRoleUnknown = ({ code, message }: CallError): boolean =>
  code === "InvalidParameterValueException" && ROLE_UNKNOWN.test(message);
/** Lambda is still at work on the change before. */
const isBusy = ({ code, message }: CallError): boolean =>
  code === "ResourceConflictException" && /in progress|currently in the following state/i.test(message);
const also = (error: CallError): boolean => isRoleUnknown(error) || isBusy(error);
/** Ten seconds are usual for a role. */
const PATIENT = { also, base: 500 } as const;

export function toLive(stage: Stage, configuration: FunctionConfiguration): LiveFunction | undefined {
  const { Description, FunctionName = "", FunctionArn = "", CodeSha256 = "", LastModified, RevisionId } = configuration;
  const mark = stage.names.readMark(Description);
  return (
    mark && {
      ...mark,
      name: FunctionName,
      arn: FunctionArn.replace(/:(?:\$LATEST|\d+)$/, ""),
      code: CodeSha256,
      mark: `${CodeSha256.slice(0, 12)} ${LastModified}`,
      revision: RevisionId,
      configuration,
    }
  );
}

/** All of the account: two calls for a hundred functions. `ALL` has their versions too. */
function collectFunctions(stage: Stage, FunctionVersion?: "ALL"): Promise<FunctionConfiguration[]> {
  const versions = FunctionVersion && { FunctionVersion };
  return collect(async (Marker) => {
    const page = await stage.call("lambda", "ListFunctions", (lambda, options) =>
      lambda.listFunctions({ MaxItems: 50, ...versions, ...(Marker && { Marker }) }, options),
    );
    return { items: page.Functions, token: page.NextMarker };
  });
}

/** Those of the stage. */
export async function listFunctions(stage: Stage): Promise<Map<string, LiveFunction>> {
  const all = await collectFunctions(stage);
  return new Map(
    all.flatMap((one) => {
      const live = toLive(stage, one);
      return live ? [[live.id, live] as const] : [];
    }),
  );
}

/** Puts the version that is live in place of a `$LATEST` that is something else. `versions` is by the function's id. */
async function toServed(
  stage: Stage,
  latest: ReadonlyMap<string, LiveFunction>,
  versions: Readonly<Record<string, string>>,
): Promise<Map<string, LiveFunction>> {
  const served = new Map(latest);
  for (const one of await collectFunctions(stage, "ALL")) {
    const live = toLive(stage, one);
    const now = live && latest.get(live.id);
    if (!live || !now || one.Version === undefined || versions[live.id] !== one.Version) continue;
    const state = ({ code, configuration: { Description, Environment } }: LiveFunction) =>
      hashOf([code, Description, Environment?.Variables]);
    if (state(live) !== state(now)) served.set(live.id, { ...live, version: one.Version });
  }
  return served;
}

export function functionKind(stage: Stage, { forget, behind }: FunctionFront): AnyKind {
  return defineKind<FunctionValue, LiveFunction>({
    name: "function",
    phase: "prepare",
    async list() {
      const [latest, versions] = await Promise.all([listFunctions(stage), behind()]);
      return versions ? toServed(stage, latest, versions) : latest;
    },
    diff: (value, live) => diffFunction(value, live, roleName(stage, value)),
    create: ({ value }, made) => createFunction(stage, value, made),
    update: ({ value }, live, made) => updateFunction(stage, value, live, made),
    irreversible: (spec) => (spec ? undefined : "older releases that need it cannot be gone back to then"),
    async remove(id, { name }) {
      await forget?.(id);
      await stage
        .call("lambda", "DeleteFunction", (lambda, options) => lambda.deleteFunction({ FunctionName: name }, options), {
          expect: ["ResourceNotFoundException"],
          also,
        })
        .catch(ignore("ResourceNotFoundException"));
    },
  });
}

/** For what may be gone, or there, already. */
export const ignore =
  (...codes: string[]) =>
  (error: unknown): undefined => {
    if (error instanceof CallError && codes.includes(error.code)) return undefined;
    throw error;
  };

const roleName = (stage: Stage, { role }: FunctionValue): string => role?.split("/").at(-1) ?? stage.names.role;

/** Settings as a table: name, what it should be, what it is. */
function rows(value: FunctionValue, role: string, { configuration: live, code }: LiveFunction) {
  const list = (values: readonly (string | undefined)[] | undefined) => [...(values ?? [])].sort().join(", ");
  const vpc = live.VpcConfig;
  return [
    ["code", value.code.slice(0, 12), code.slice(0, 12)],
    ["architecture", value.architecture, live.Architectures?.[0] ?? "x86_64"],
    ["runtime", value.runtime, live.Runtime ?? ""],
    ["handler", value.handler, live.Handler ?? ""],
    ["memory", `${value.memory} MB`, `${live.MemorySize} MB`],
    ["timeout", `${value.timeout} s`, `${live.Timeout} s`],
    ["role", role, live.Role?.split("/").at(-1) ?? ""],
    ["layers", value.layers.join(", "), (live.Layers ?? []).map(({ Arn }) => Arn).join(", ")],
    ["subnets", list(value.vpc?.subnets), list(vpc?.SubnetIds)],
    ["securityGroups", list(value.vpc?.securityGroups), list(vpc?.SecurityGroupIds)],
    ["logGroup", value.logGroup, live.LoggingConfig?.LogGroup ?? `/aws/lambda/${value.name}`],
  ] as const;
}

function diffFunction(value: FunctionValue, live: LiveFunction, role: string): Change[] {
  const byHand = live.hash === value.hash && { drift: true };
  const changes: Change[] = rows(value, role, live).flatMap(([path, to, from]) =>
    to === from ? [] : [{ path, ...(from && { from }), ...(to && { to }), ...byHand }],
  );
  const env = live.configuration.Environment?.Variables ?? {};
  for (const name of [...new Set([...Object.keys(value.env), ...Object.keys(env)])].sort()) {
    const [to, from] = [value.env[name], env[name]];
    if (to === from) continue;
    // Of values that the config does not have, none is shown: what is live under this name may be a secret's, whatever
    // the name is declared as now.
    const secret = value.secrets.includes(name);
    const was = from === undefined ? {} : { from: to === undefined ? "set" : "another value" };
    const is = to === undefined ? {} : { to: secret ? "set" : to };
    const shown = secret && from !== undefined ? {} : { ...was, ...is };
    changes.push({ path: `env.${name}`, ...shown, ...(!secret && to !== undefined && byHand) });
  }
  // Interrupted between its code and its settings, or of an older artefact with equal settings.
  if (changes.length === 0 && live.hash !== value.hash) changes.push({ path: "hash", from: live.hash, to: value.hash });
  return changes;
}

function toSettings(stage: Stage, value: FunctionValue, role: string) {
  const { vpc } = value;
  return {
    FunctionName: value.name,
    Description: `${stage.names.mark(value.id)} ${value.hash}`,
    Runtime: value.runtime as never, // the type lists the runtimes of the day that the client was made
    Handler: value.handler,
    Role: role,
    MemorySize: value.memory,
    Timeout: value.timeout,
    Environment: { Variables: value.env },
    Layers: [...value.layers],
    VpcConfig: { SubnetIds: [...(vpc?.subnets ?? [])], SecurityGroupIds: [...(vpc?.securityGroups ?? [])] },
    LoggingConfig: { LogGroup: value.logGroup },
  };
}

const roleArn = (stage: Stage, value: FunctionValue, made: Made): string =>
  value.role ?? (made.get(`role/${stage.names.role}`) as { arn: string }).arn; // as its kind lists it
const bucketOf = (made: Made): string | undefined => {
  const bucket = made.find("bucket/code") as { name: string } | undefined; // as its kind lists it
  return bucket?.name;
};

async function createFunction(stage: Stage, value: FunctionValue, made: Made): Promise<LiveFunction> {
  const { names, call } = stage;
  const Code = await readCode(stage, value, bucketOf(made));
  const input = {
    ...toSettings(stage, value, roleArn(stage, value, made)),
    Code,
    Architectures: [value.architecture as "arm64"], // one of two words, checked by the build
    Tags: names.tags,
  };
  await call("lambda", "CreateFunction", (lambda, options) => lambda.createFunction(input, options), {
    ...PATIENT,
    expect: ["ResourceConflictException"],
  }).catch(ignore("ResourceConflictException"));
  // It was there: ours, when an answer was lost after the work; else somebody else's.
  return settle(stage, value);
}

async function updateFunction(
  stage: Stage,
  value: FunctionValue,
  live: LiveFunction,
  made: Made,
): Promise<LiveFunction> {
  const { call } = stage;
  const FunctionName = value.name;
  const expect = ["PreconditionFailedException"];
  let now = live.version === undefined ? live : await settle(stage, value);
  const codeDiffers = (one: LiveFunction) =>
    one.code !== value.code || (one.configuration.Architectures?.[0] ?? "x86_64") !== value.architecture;
  if (codeDiffers(now)) {
    const code = await readCode(stage, value, bucketOf(made));
    const { revision: RevisionId } = now;
    const input = { FunctionName, ...code, Architectures: [value.architecture as "arm64"], RevisionId }; // as above
    await call("lambda", "UpdateFunctionCode", (lambda, options) => lambda.updateFunctionCode(input, options), {
      ...PATIENT,
      expect,
    }).catch(ignore(...expect));
    now = await settle(stage, value);
    if (codeDiffers(now)) throw changedMeanwhile(value);
  }
  const role = roleName(stage, value);
  if (diffFunction(value, now, role).length === 0) return now;
  const { revision: RevisionId } = now;
  const input = { ...toSettings(stage, value, roleArn(stage, value, made)), RevisionId };
  await call(
    "lambda",
    "UpdateFunctionConfiguration",
    (lambda, options) => lambda.updateFunctionConfiguration(input, options),
    { ...PATIENT, expect },
  ).catch(ignore(...expect));
  now = await settle(stage, value);
  if (diffFunction(value, now, role).length > 0) throw changedMeanwhile(value);
  return now;
}

/** Waits until Lambda is done with it. Throws DEPLOY_NAME_TAKEN for a function that is not this stage's. */
async function settle(stage: Stage, value: FunctionValue): Promise<LiveFunction> {
  return stage.wait(`The function ${value.name}`, async () => {
    const found = await stage.call(
      "lambda",
      "GetFunctionConfiguration",
      (lambda, options) => lambda.getFunctionConfiguration({ FunctionName: value.name }, options),
      // What was made a moment ago may not be found yet.
      { also: ({ code }) => code === "ResourceNotFoundException" },
    );
    const live = toLive(stage, found);
    if (!live || live.id !== value.id) {
      throw nameTaken(
        `The function ${value.name} is there and not ${stage.names.mark(value.id)}'s.`,
        "Give the app or the stage another name, or remove the function.",
      );
    }
    if (found.State === "Failed" || found.LastUpdateStatus === "Failed") {
      const why = found.LastUpdateStatusReason ?? found.StateReason ?? "no reason given";
      throw new GodwitError("AWS_FUNCTION_FAILED", `Lambda could not set up ${value.name}: ${why}. Live is as it was.`);
    }
    const busy = found.State === "Pending" || found.LastUpdateStatus === "InProgress";
    return busy ? undefined : live;
  });
}

function changedMeanwhile({ name }: FunctionValue): GodwitError {
  return new GodwitError(
    "AWS_FUNCTION_CHANGED",
    `Somebody else changed ${name} while it was deployed. Live is as it was; run the command again.`,
  );
}
