/**
 * Application Load Balancer, in single-value or multi-value mode (`lambda.multi_value_headers.enabled`). ELB user guide,
 * "Use Lambda functions as targets of an Application Load Balancer". Checked 2026-11-21.
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
  withType,
} from "../answer.ts";
import { eventBody, forwardedHeaders, type Incoming, lastMap, multiMap, type Pair, queryPairs } from "../incoming.ts";
import { ACCOUNT, type Identity, REGION } from "../platform.ts";
import type { Failure, Format } from "./format.ts";

const TARGET_GROUP = `arn:aws:elasticloadbalancing:${REGION}:${ACCOUNT}:targetgroup/godwit/0123456789abcdef`;
const MEGABYTE = 1024 * 1024;

export function alb(multi: boolean): Format {
  return {
    requestLimit: MEGABYTE,
    responseLimit: MEGABYTE,
    event: (incoming, _matched, identity) => toEvent(incoming, identity, multi),
    answer: (result) => toAnswer(result, multi),
    failure,
  };
}

/** Query texts stay encoded; of equal names single-value mode tells the last. */
function toEvent(incoming: Incoming, identity: Identity, multi: boolean): JsonObject {
  const headers = forwardedHeaders(incoming, identity.trace).map(([name, value]): Pair => [name.toLowerCase(), value]);
  const query = queryPairs(incoming.query);
  return {
    requestContext: { elb: { targetGroupArn: TARGET_GROUP } },
    httpMethod: incoming.method,
    path: incoming.path,
    ...(multi
      ? { multiValueQueryStringParameters: multiMap(query), multiValueHeaders: multiMap(headers) }
      : { queryStringParameters: lastMap(query), headers: lastMap(headers) }),
    body: "",
    ...eventBody(incoming),
  };
}

/** Headers in the other mode's map are not read. */
function toAnswer(result: unknown, multi: boolean): Answer | undefined {
  if (!isObject(result)) return undefined;
  const status = toStatus(result.statusCode);
  const headers = multi ? toMultiPairs(result.multiValueHeaders) : toPairs(result.headers);
  const body = toBody(result.body, result.isBase64Encoded);
  if (!status || !headers || !body) return undefined;
  const { statusDescription } = result;
  const phrase = typeof statusDescription === "string" ? statusDescription.replace(/^\d{3}\s*/, "") : undefined;
  return {
    status,
    ...(phrase && { reason: phrase }),
    headers: withType(withoutHop(headers), body, "application/octet-stream"),
    body,
  };
}

const TITLES: Record<Failure, string> = {
  "no-route": "404 Not Found",
  "bad-request": "400 Bad Request",
  "too-large": "413 Request Entity Too Large",
  timeout: "504 Gateway Time-out",
  "function-error": "502 Bad Gateway",
  malformed: "502 Bad Gateway",
};

function failure(kind: Failure): Answer {
  const title = TITLES[kind];
  return plain(
    Number(title.slice(0, 3)),
    "text/html",
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`,
    [["server", "awselb/2.0"]],
  );
}
