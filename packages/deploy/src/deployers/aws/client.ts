/**
 * AWS's own clients, each loaded when it is first needed, and the one way to call them: bounded in number at once, in
 * attempts and in time.
 * @module
 */
import type { ApiGatewayV2 } from "@aws-sdk/client-apigatewayv2";
import type { CloudWatch } from "@aws-sdk/client-cloudwatch";
import type { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import type { DynamoDB } from "@aws-sdk/client-dynamodb";
import type { EventBridge } from "@aws-sdk/client-eventbridge";
import type { IAM } from "@aws-sdk/client-iam";
import type { Lambda } from "@aws-sdk/client-lambda";
import type { S3 } from "@aws-sdk/client-s3";
import type { SSM } from "@aws-sdk/client-ssm";
import type { STS } from "@aws-sdk/client-sts";
import { GodwitError } from "@godwit/core/errors";
import type { DeployInput } from "../../contracts.ts";
import { CallError, type RetryOptions, retry } from "../../engine/retry.ts";
import { toCallError, toWords } from "./failures.ts";
import type { AwsSettings } from "./settings.ts";

/** By the prefix of their permissions. */
export interface Clients {
  lambda: Lambda;
  apigateway: ApiGatewayV2;
  iam: IAM;
  ssm: SSM;
  logs: CloudWatchLogs;
  events: EventBridge;
  cloudwatch: CloudWatch;
  s3: S3;
  dynamodb: DynamoDB;
  sts: STS;
}

export interface CallOptions extends Partial<Pick<RetryOptions, "also" | "attempts" | "deadline" | "base">> {
  /** Codes that the caller knows what to do with: they come as CallError, all others in words. */
  expect?: readonly string[];
  /**
   * For what is made anew by each attempt: looked for before a second one, since an answer may have been lost after the
   * work was done.
   */
  lookup?: () => Promise<unknown>;
}

export type Call = <S extends keyof Clients, R>(
  service: S,
  action: string,
  run: (client: Clients[S], options: { abortSignal: AbortSignal }) => Promise<R>,
  options?: Omit<CallOptions, "lookup"> & { lookup?: () => Promise<R | undefined> },
) => Promise<R>;

export interface Caller {
  call: Call;
  region(): Promise<string>;
  close(): void;
}

type Config = Record<string, unknown>;
const loaders: { [S in keyof Clients]: (config: Config) => Promise<Clients[S]> } = {
  lambda: async (config) => new (await import("@aws-sdk/client-lambda")).Lambda(config),
  apigateway: async (config) => new (await import("@aws-sdk/client-apigatewayv2")).ApiGatewayV2(config),
  iam: async (config) => new (await import("@aws-sdk/client-iam")).IAM(config),
  ssm: async (config) => new (await import("@aws-sdk/client-ssm")).SSM(config),
  logs: async (config) => new (await import("@aws-sdk/client-cloudwatch-logs")).CloudWatchLogs(config),
  events: async (config) => new (await import("@aws-sdk/client-eventbridge")).EventBridge(config),
  cloudwatch: async (config) => new (await import("@aws-sdk/client-cloudwatch")).CloudWatch(config),
  s3: async (config) => new (await import("@aws-sdk/client-s3")).S3({ ...config, forcePathStyle: true }),
  dynamodb: async (config) => new (await import("@aws-sdk/client-dynamodb")).DynamoDB(config),
  sts: async (config) => new (await import("@aws-sdk/client-sts")).STS(config),
};
const PACKAGES: Record<keyof Clients, string> = {
  lambda: "client-lambda",
  apigateway: "client-apigatewayv2",
  iam: "client-iam",
  ssm: "client-ssm",
  logs: "client-cloudwatch-logs",
  events: "client-eventbridge",
  cloudwatch: "client-cloudwatch",
  s3: "client-s3",
  dynamodb: "client-dynamodb",
  sts: "client-sts",
};

/** Calls on their way at once. AWS allows 15 changes a second of Lambda; the loop does the rest. */
const MOST = 16;
/** API Gateway's calls: it allows 10 a second. */
const MOST_GATEWAY = 6;

/** Milliseconds that one attempt may take. */
const PATIENCE = 60_000;

export function createCaller(input: DeployInput, settings: AwsSettings): Caller {
  const { env, clock, signal } = input;
  const timeout = Number(env.GODWIT_CALL_TIMEOUT) || PATIENCE;
  const opened = new Map<keyof Clients, Promise<Clients[keyof Clients]>>();
  const gates = { apigateway: createGate(MOST_GATEWAY), others: createGate(MOST) };

  const open = <S extends keyof Clients>(service: S): Promise<Clients[S]> => {
    const known = opened.get(service) ?? load(service, toConfig(service, settings, env, timeout));
    opened.set(service, known);
    return known as Promise<Clients[S]>; // put there under the same name
  };

  const call: Call = async (service, action, run, options = {}) => {
    const { expect = [], lookup, ...rest } = options;
    const enter = service === "apigateway" ? gates.apigateway : gates.others;
    const name = `${service}:${action}`;
    try {
      const client = await open(service);
      return await retry(
        async (attempt) => {
          const found = attempt > 1 && lookup ? await lookup() : undefined;
          if (found !== undefined) return found;
          return enter(async () => {
            // An attempt that hangs after its headers is not ended by the client's own limits.
            const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout + 1000)]);
            try {
              return await run(client, { abortSignal: limit });
            } catch (error) {
              if (signal.aborted) throw signal.reason;
              throw toCallError(name, error, attempt);
            }
          });
        },
        { clock, signal, attempts: 12, deadline: 300_000, ...rest },
      );
    } catch (error) {
      throw error instanceof CallError && expect.includes(error.code) ? error : toWords(error);
    }
  };

  let region: Promise<string> | undefined;
  return {
    call,
    region() {
      region ??= (async () => {
        const client = await open("lambda");
        return client.config.region().catch((error: unknown) => {
          throw toCallError("region", error);
        });
      })();
      return region;
    },
    close() {
      for (const client of opened.values()) {
        client.then(
          (one) => one.destroy(),
          () => {},
        );
      }
    },
  };
}

function toConfig(service: keyof Clients, settings: AwsSettings, env: DeployInput["env"], timeout: number): Config {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = env;
  const profile = settings.profile ?? env.AWS_PROFILE;
  const region = settings.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  // https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
  const words: Partial<Record<keyof Clients, string>> = {
    apigateway: "APIGATEWAYV2",
    logs: "CLOUDWATCH_LOGS",
    events: "EVENTBRIDGE",
  };
  const endpoint = env[`AWS_ENDPOINT_URL_${words[service] ?? service.toUpperCase()}`] ?? env.AWS_ENDPOINT_URL;
  return {
    maxAttempts: 1,
    requestHandler: {
      requestTimeout: timeout,
      connectionTimeout: Math.min(5000, timeout),
      throwOnRequestTimeout: true,
    },
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    // A profile that is asked for wins over keys in the shell, as in AWS's own tools only where it is a setting.
    ...(settings.profile || !(accessKeyId && secretAccessKey)
      ? profile && { profile }
      : {
          credentials: {
            accessKeyId,
            secretAccessKey,
            ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
          },
        }),
  };
}

async function load<S extends keyof Clients>(service: S, config: Config): Promise<Clients[S]> {
  try {
    return await loaders[service](config);
  } catch (cause) {
    if ((cause as { code?: unknown } | undefined)?.code !== "ERR_MODULE_NOT_FOUND") throw cause; // Node's own code
    const name = `@aws-sdk/${PACKAGES[service]}`;
    throw new GodwitError(
      "AWS_CLIENT_MISSING",
      `Deploying to AWS needs ${name}, which is not installed. Run: npm install --save-dev ${name}`,
      { cause },
    );
  }
}

/** Lets so many in at once. */
export function createGate(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (inside >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else inside++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else inside--;
    }
  };
}

/** Pages of a listing. */
const MOST_PAGES = 10_000;

/** All pages of a listing. `next` gives a page and the token of the one after it. Throws where they have no end. */
export async function collect<T>(
  next: (token: string | undefined) => Promise<{ items: readonly T[] | undefined; token: string | undefined }>,
): Promise<T[]> {
  const all: T[] = [];
  let token: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const page = await next(token);
    all.push(...(page.items ?? []));
    if (!page.token) return all;
    if (page.token === token) break;
    token = page.token;
  }
  throw new CallError("a listing", "its pages have no end", { transient: false });
}
