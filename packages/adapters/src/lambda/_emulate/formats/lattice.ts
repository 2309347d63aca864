/**
 * VPC Lattice, event structure V2. VPC Lattice user guide, "Lambda functions as targets". Checked 2026-11-21; what it
 * says when a function fails is not documented: a 502 without words is this emulator's guess.
 * @module
 */
import {
  type Answer,
  isObject,
  type JsonObject,
  plain,
  toBody,
  toMultiPairs,
  toPairs,
  toStatus,
  withoutHop,
} from "../answer.ts";
import {
  decodeQuery,
  eventBody,
  forwardedHeaders,
  type Incoming,
  multiMap,
  type Pair,
  queryPairs,
} from "../incoming.ts";
import { ACCOUNT, type Identity, REGION } from "../platform.ts";
import type { Failure, Format } from "./format.ts";

const ARN = `arn:aws:vpc-lattice:${REGION}:${ACCOUNT}`;
const SIX_MEGABYTES = 6 * 1024 * 1024;

export function lattice(): Format {
  return {
    requestLimit: SIX_MEGABYTES,
    responseLimit: SIX_MEGABYTES,
    event: (incoming, _matched, identity) => toEvent(incoming, identity),
    answer: toAnswer,
    failure,
  };
}

/** `path` carries the query; times are in microseconds, as text. */
function toEvent(incoming: Incoming, identity: Identity): JsonObject {
  const headers = forwardedHeaders(incoming, identity.trace)
    .map(([name, value]): Pair => [name.toLowerCase(), value])
    .filter(([name]) => name !== "x-amzn-trace-id");
  const query = queryPairs(incoming.query).map(([name, value]): Pair => [decodeQuery(name), decodeQuery(value)]);
  return {
    version: "2.0",
    path: incoming.query === "" ? incoming.path : `${incoming.path}?${incoming.query}`,
    method: incoming.method,
    headers: multiMap(headers),
    ...(query.length > 0 && { queryStringParameters: multiMap(query) }),
    ...eventBody(incoming),
    requestContext: {
      serviceNetworkArn: `${ARN}:servicenetwork/sn-0bf3f2882e9cc805a`,
      serviceArn: `${ARN}:service/svc-0a40eebed65f8d69c`,
      targetGroupArn: `${ARN}:targetgroup/tg-6d0ecf831eec9f09`,
      identity: { sourceVpcArn: `arn:aws:ec2:${REGION}:${ACCOUNT}:vpc/vpc-0b8276c84697e7339` },
      region: REGION,
      timeEpoch: `${identity.now.getTime()}000`,
    },
  };
}

/** Header values are text, or lists of it. */
function toAnswer(result: unknown): Answer | undefined {
  if (!isObject(result)) return undefined;
  const status = toStatus(result.statusCode);
  const body = toBody(result.body, result.isBase64Encoded);
  const all = Object.entries(isObject(result.headers) ? result.headers : {});
  const lists = toMultiPairs(Object.fromEntries(all.filter(([, value]) => Array.isArray(value))));
  const texts = toPairs(Object.fromEntries(all.filter(([, value]) => !Array.isArray(value))));
  if (!status || !body || !lists || !texts) return undefined;
  return { status, headers: withoutHop([...texts, ...lists]), body };
}

function failure(kind: Failure): Answer {
  const status = {
    "no-route": 404,
    "bad-request": 400,
    "too-large": 413,
    timeout: 504,
    "function-error": 502,
    malformed: 502,
  }[kind];
  return plain(status, "text/plain", "");
}
