/**
 * Payload format 1.0 of API Gateway REST APIs, buffered and with response streaming; `binaryMediaTypes` is `*\/*`.
 * API Gateway developer guide, "Set up Lambda proxy integrations" and "Set up a Lambda proxy integration with payload
 * response streaming". Checked 2026-11-21.
 * @module
 */
import {
  type Answer,
  type Head,
  isObject,
  type JsonObject,
  plain,
  remapped,
  toBody,
  toCookies,
  toMultiPairs,
  toPairs,
  toStatus,
  withoutHop,
  withType,
} from "../answer.ts";
import {
  decodeQuery,
  firstHeader,
  forwardedHeaders,
  groupHeaders,
  type Incoming,
  lastMap,
  multiMap,
  type Pair,
  queryPairs,
} from "../incoming.ts";
import { ACCOUNT, type Identity, logTime } from "../platform.ts";
import type { Matched } from "../router.ts";
import type { Failure, Format } from "./format.ts";

const API_ID = "wt6mne2s9k";

/** A custom domain mapped to a stage, so that the client does not write the stage. */
export function rest(stage: string, streaming: boolean): Format {
  return {
    requestLimit: 10 * 1024 * 1024,
    patience: streaming ? 900_000 : 29_000,
    event: (incoming, matched, identity) => toEvent(incoming, matched, identity, stage),
    answer: toAnswer,
    failure,
    // Metadata and delimiter must be within the first 16 KB.
    ...(streaming && { stream: { head, preludeLimit: 16 * 1024, type: "application/json" } }),
  };
}

function toEvent(incoming: Incoming, matched: Matched, identity: Identity, stage: string): JsonObject {
  const groups = [...groupHeaders(forwardedHeaders(incoming, identity.trace)).values()];
  const headers: Pair[] = groups.flatMap(({ name, values }) => values.map((value): Pair => [name, value]));
  const query = queryPairs(incoming.query).map(([name, value]): Pair => [decodeQuery(name), decodeQuery(value)]);
  const domain = firstHeader(incoming, "host") ?? "localhost";
  // A REST API has no $default: its like is a greedy resource at the root.
  const root = incoming.path === "/" ? {} : { proxy: incoming.path.slice(1) };
  const params = Object.entries(matched.resource === undefined ? root : matched.params);
  const resource = matched.resource ?? (incoming.path === "/" ? "/" : "/{proxy+}");
  const none = query.length === 0;
  return {
    resource,
    path: incoming.path,
    httpMethod: incoming.method,
    headers: lastMap(headers),
    multiValueHeaders: multiMap(headers),
    queryStringParameters: none ? null : lastMap(query),
    multiValueQueryStringParameters: none ? null : multiMap(query),
    pathParameters: params.length === 0 ? null : lastMap(params),
    stageVariables: null,
    requestContext: {
      resourceId: "2gxmpl",
      resourcePath: resource,
      httpMethod: incoming.method,
      extendedRequestId: identity.shortId,
      requestTime: logTime(identity.now),
      path: incoming.path,
      accountId: ACCOUNT,
      protocol: "HTTP/1.1",
      stage,
      domainPrefix: domain.split(/[.:]/)[0],
      requestTimeEpoch: identity.now.getTime(),
      requestId: identity.requestId,
      identity: {
        cognitoIdentityPoolId: null,
        accountId: null,
        cognitoIdentityId: null,
        caller: null,
        sourceIp: incoming.ip,
        principalOrgId: null,
        accessKey: null,
        cognitoAuthenticationType: null,
        cognitoAuthenticationProvider: null,
        userArn: null,
        userAgent: firstHeader(incoming, "user-agent") ?? null,
        user: null,
      },
      domainName: domain,
      apiId: API_ID,
    },
    body: incoming.body.length === 0 ? null : incoming.body.toString("base64"),
    isBase64Encoded: incoming.body.length > 0,
  };
}

const KEYS = new Set(["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"]);

/** Strict: a member that the format does not know makes the result malformed. */
function toAnswer(result: unknown): Answer | undefined {
  if (!isObject(result) || !Object.keys(result).every((key) => KEYS.has(key))) return undefined;
  const status = toStatus(result.statusCode);
  const headers = merged(result);
  const body = toBody(result.body, result.isBase64Encoded);
  if (!status || !headers || !body) return undefined;
  return { status, headers: withType(remapped(withoutHop(headers)), body, "application/json"), body };
}

/** A name that is in both maps takes the values of `multiValueHeaders`. */
function merged(result: JsonObject): Pair[] | undefined {
  const single = toPairs(result.headers);
  const multi = toMultiPairs(result.multiValueHeaders);
  if (!single || !multi) return undefined;
  const names = new Set(multi.map(([name]) => name.toLowerCase()));
  return [...single.filter(([name]) => !names.has(name.toLowerCase())), ...multi];
}

function head(metadata: unknown): Head | undefined {
  if (!isObject(metadata)) return undefined;
  const status = metadata.statusCode === undefined ? 200 : toStatus(metadata.statusCode);
  const headers = merged(metadata);
  const cookies = toCookies(metadata.cookies);
  if (!status || !headers || !cookies) return undefined;
  return { status, headers: [...remapped(withoutHop(headers)), ...cookies] };
}

function failure(kind: Failure): Answer {
  const say = (status: number, type: string, message: string) =>
    plain(status, "application/json", `{"message": ${JSON.stringify(message)}}`, [
      ["x-amzn-ErrorType", `${type}Exception`],
    ]);
  if (kind === "no-route") {
    return plain(403, "application/json", '{"message":"Missing Authentication Token"}', [
      ["x-amzn-ErrorType", "MissingAuthenticationTokenException"],
    ]);
  }
  if (kind === "bad-request") return say(400, "BadRequest", "Bad Request");
  if (kind === "too-large") return say(413, "RequestTooLarge", "Request Too Long");
  if (kind === "timeout") return say(504, "GatewayTimeout", "Endpoint request timed out");
  return say(502, "InternalServerError", "Internal server error");
}
