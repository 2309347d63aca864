/**
 * AWS's control plane on this machine: the calls that a deploy makes, in AWS's own protocols, with IAM's policies, and
 * what was uploaded in its real runtime. Everything is on loopback, and kept on disk.
 * @module
 */
import type { ControlPlane, RehearsalOptions } from "../../../contracts.ts";
import { systemClock } from "../../../engine/clock.ts";
import { type Answer, type Call, serveCalls } from "../../../rehearsal/server.ts";
import { openState } from "../../../rehearsal/state.ts";
import { REHEARSAL } from "../names.ts";
import { deployPolicy } from "../policy.ts";
import type { PolicyDocument } from "../role.ts";
import { apiOperations } from "./apigateway.ts";
import {
  ACCOUNT,
  type Caller,
  type Context,
  emptyCloud,
  type Need,
  type Operations,
  Refused,
  type Served,
} from "./cloud.ts";
import { domainOperations } from "./domains.ts";
import { tableOperations } from "./dynamodb.ts";
import { eventOperations } from "./events.ts";
import { iamOperations, stsOperations } from "./iam.ts";
import { createItems, roleKeys } from "./items.ts";
import { functionOperations } from "./lambda.ts";
import { versionOperations } from "./lambda-versions.ts";
import { logOperations, metricOperations } from "./observe.ts";
import { authorize } from "./policy.ts";
import { createRuns } from "./runs.ts";
import { s3Operations } from "./s3.ts";
import { createDoors } from "./serve.ts";
import { ssmOperations } from "./ssm.ts";
import { type Read, readCall, writeError, writeResult } from "./wire.ts";

export interface AwsRehearsalOptions extends RehearsalOptions {
  /** What the caller may do. Default: the policy of `infra/aws`. */
  policy?: PolicyDocument;
  /** Told every permission that a call needs. */
  onNeed?(need: Need): void;
}

export const REGION = "us-east-1";
const KEY = "AKIAREHEARSAL0000000";
/** A session that is over. */
const EXPIRED = /^ASIAEXPIRED/;

export const OPERATIONS: Record<string, Operations> = {
  lambda: { ...functionOperations, ...versionOperations },
  apigateway: { ...apiOperations, ...domainOperations },
  iam: iamOperations,
  sts: stsOperations,
  ssm: ssmOperations,
  logs: logOperations,
  events: eventOperations,
  cloudwatch: metricOperations,
  s3: s3Operations,
  dynamodb: tableOperations,
};

export async function rehearse(options: AwsRehearsalOptions): Promise<ControlPlane> {
  const { folder, run, host = "127.0.0.1", port = 0, fault, clock = systemClock } = options;
  const state = await openState(folder, emptyCloud());
  const cloud = state.data;
  cloud.tables ??= {}; // kept by an older one
  const served: Served[] = [];
  const items = createItems(options.tables);
  const runs = createRuns(state, run, clock, (configuration) => roleKeys(cloud, configuration, server.url.href));
  const doors = createDoors({ cloud, clock, runs, served, host });
  const policy =
    options.policy ?? deployPolicy({ partition: "aws", account: ACCOUNT, region: "*", app: "*", stage: "*" });
  const caller: Caller = { account: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:user/rehearsal`, policy };
  const context: Omit<Context, "region"> = { cloud, state, clock, caller, served, host, listen: doors.open };

  for (const api of Object.values(cloud.apis)) api.port = await doors.open("api", api.id, api.port);
  for (const { latest, urls } of Object.values(cloud.functions)) {
    for (const [qualifier, url] of Object.entries(urls)) {
      url.port = await doors.open("url", `${latest.FunctionName}:${qualifier}`, url.port);
    }
  }

  async function answer(read: Read, call: Call): Promise<Answer> {
    const { service, action, params, region, protocol } = read;
    const isItem = items.isItemCall(read);
    if (!(isItem && items.isRole(cloud, read))) checkSignature(read);
    if (isItem) return items.answer({ ...context, region }, read, call);
    const operation = OPERATIONS[service]?.[action];
    if (!operation) throw new Refused("UnknownOperationException", `The rehearsal has no ${service}:${action}.`, 404);
    const whole = { ...context, region };
    const needs = operation.needs(whole, params);
    for (const need of needs) options.onNeed?.(need);
    authorize(
      caller,
      needs,
      protocol === "rest-json" || protocol === "json" ? "AccessDeniedException" : "AccessDenied",
    );
    const result = await operation.run(whole, params);
    if (!/^(Get|List|Describe|Filter)/.test(action)) await state.save();
    // As it is now: what is written later must not be in this answer.
    return writeResult(read, structuredClone(result), operation.status);
  }

  const server = await serveCalls({
    host,
    port,
    fault,
    nameOf: (call) => {
      const { service, action } = tryRead(call);
      return `${service}:${action}`;
    },
    async handle(call) {
      const read = tryRead(call);
      try {
        return await answer(read, call);
      } catch (error) {
        return writeError(read.protocol, error);
      }
    },
    onError: (error) => writeError("json", error),
  }).catch(async (error: unknown) => {
    await doors.close(); // the port is another's: nothing of this one may listen on
    throw error;
  });
  const { url, calls } = server;
  let closing: Promise<void> | undefined;
  const close = async () => {
    await server.close();
    await doors.close();
    await runs.close();
    await items.close();
    await state.save();
  };
  return {
    url,
    calls,
    env: {
      AWS_ENDPOINT_URL: url.href.replace(/\/$/, ""),
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION, // the command line of AWS reads this one alone
      AWS_ACCESS_KEY_ID: KEY,
      AWS_SECRET_ACCESS_KEY: "rehearsal",
      [REHEARSAL]: "1",
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function tryRead(call: Call): Read {
  try {
    return readCall(call);
  } catch {
    return { service: "unknown", action: "unreadable", params: {}, protocol: "json", region: REGION, accessKey: "" };
  }
}

/** That there is one, and whose: nobody needs to break in here. */
function checkSignature({ accessKey, protocol }: Read): void {
  if (accessKey === "") throw new Refused("MissingAuthenticationToken", "Missing Authentication Token", 403);
  if (EXPIRED.test(accessKey)) {
    const code = protocol === "query" ? "ExpiredToken" : "ExpiredTokenException";
    throw new Refused(code, "The security token included in the request is expired", 403);
  }
  if (accessKey !== KEY) {
    const code = protocol === "query" ? "InvalidClientTokenId" : "UnrecognizedClientException";
    throw new Refused(code, "The security token included in the request is invalid.", 403);
  }
}
