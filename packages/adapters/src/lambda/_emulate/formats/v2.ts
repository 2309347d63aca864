/**
 * Payload format 2.0: HTTP APIs (with a named stage or `$default`) and Function URLs. API Gateway developer guide,
 * "AWS Lambda proxy integrations for HTTP APIs"; Lambda developer guide, "Invoking function URLs". Checked 2026-11-21.
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
  toPairs,
  toStatus,
  withoutHop,
  withType,
} from "../answer.ts";
import {
  decodeQuery,
  eventBody,
  firstHeader,
  forwardedHeaders,
  groupHeaders,
  type Incoming,
  lastMap,
  type Pair,
  queryPairs,
} from "../incoming.ts";
import { ACCOUNT, type Identity, logTime, REGION } from "../platform.ts";
import { decode } from "../router.ts";
import type { Failure, Format } from "./format.ts";

const API_ID = "r3pmxmplak";
const URL_ID = "k2xmplq7mhb4zyzl3h7qkvn3ey0abcde";

/** A custom domain mapped to a stage: a named one stands in the path, though the client did not write it. */
export function httpApi(stage: string): Format {
  return {
    requestLimit: 10 * 1024 * 1024,
    patience: 30_000,
    toPath: decodePath,
    event: (incoming, matched, identity) => {
      const path = stage === "$default" ? incoming.path : `/${stage}${incoming.path}`;
      const domain = firstHeader(incoming, "host") ?? "localhost";
      const event = toEvent(incoming, identity, path, { routeKey: matched.routeKey, stage, apiId: API_ID, domain });
      // A cookie is told once, in `cookies`.
      const { cookie: _, ...headers } = event.headers;
      const params = Object.entries(matched.params);
      return { ...event, headers, ...(params.length > 0 && { pathParameters: lastMap(params) }) };
    },
    answer: (result) => toAnswer(result, "text/plain; charset=utf-8", (pairs) => pairs),
    failure: httpApiFailure,
  };
}

export function functionUrl(streaming: boolean): Format {
  const domain = `${URL_ID}.lambda-url.${REGION}.on.aws`;
  const facts = { routeKey: "$default", stage: "$default", apiId: URL_ID, domain };
  return {
    requestLimit: 6 * 1024 * 1024,
    event: (incoming, _matched, identity) => {
      const event = toEvent(incoming, identity, incoming.path, facts);
      return { ...event, requestContext: { ...event.requestContext, accountId: "anonymous" } };
    },
    answer: (result) => toAnswer(result, "application/json", remapped),
    failure: functionUrlFailure,
    ...(streaming && { stream: { head, preludeLimit: 1024 * 1024, type: "application/octet-stream", bare } }),
  };
}

type Event = JsonObject & { headers: Record<string, string>; requestContext: JsonObject };

function toEvent(
  incoming: Incoming,
  identity: Identity,
  path: string,
  facts: { routeKey: string; stage: string; apiId: string; domain: string },
): Event {
  const headers: Record<string, string> = Object.create(null);
  for (const [name, { values }] of groupHeaders(forwardedHeaders(incoming, identity.trace))) {
    headers[name] = values.join(name === "cookie" ? "; " : ",");
  }
  const cookies = headers.cookie?.split(/;\s*/).filter((cookie) => cookie !== "");
  const query = queryPairs(incoming.query).map(([name, value]): Pair => [decodeQuery(name), decodeQuery(value)]);
  return {
    version: "2.0",
    routeKey: facts.routeKey,
    rawPath: path,
    rawQueryString: incoming.query,
    ...(cookies && { cookies }),
    headers,
    ...(query.length > 0 && { queryStringParameters: joined(query) }),
    requestContext: {
      accountId: ACCOUNT,
      apiId: facts.apiId,
      domainName: facts.domain,
      domainPrefix: facts.domain.split(/[.:]/)[0],
      http: {
        method: incoming.method,
        // Decoded even where `rawPath` is not (hotsock/voker, functionurl-request.json).
        path: facts.apiId === URL_ID ? decode(path) : path,
        protocol: "HTTP/1.1",
        sourceIp: incoming.ip,
        userAgent: firstHeader(incoming, "user-agent") ?? "",
      },
      requestId: facts.apiId === URL_ID ? identity.requestId : identity.shortId,
      routeKey: facts.routeKey,
      stage: facts.stage,
      time: logTime(identity.now),
      timeEpoch: identity.now.getTime(),
    },
    ...eventBody(incoming),
  };
}

/** Equal names are joined with a comma. */
function joined(pairs: readonly Pair[]): Record<string, string> {
  const map: Record<string, string> = Object.create(null);
  for (const [name, value] of pairs) map[name] = map[name] === undefined ? value : `${map[name]},${value}`;
  return map;
}

/**
 * Decoded once, the whole of it: `rawPath` is not raw (honojs/hono#2156, fastify/aws-lambda-fastify#169). What comes
 * after a decoded question mark is lost (middleapi/standard-server#93).
 */
function decodePath(sent: string): string | undefined {
  try {
    return decodeURIComponent(sent).replace(/\?.*/s, "");
  } catch {
    return undefined;
  }
}

/** Without a statusCode the whole result is the body of a 200. */
function toAnswer(result: unknown, type: string, rename: (pairs: Pair[]) => Pair[]): Answer | undefined {
  if (!isObject(result) || result.statusCode === undefined) {
    return plain(200, "application/json", typeof result === "string" ? result : JSON.stringify(result));
  }
  const status = toStatus(result.statusCode);
  const headers = toPairs(result.headers);
  const cookies = toCookies(result.cookies);
  const body = toBody(result.body, result.isBase64Encoded);
  if (!status || !headers || !cookies || !body) return undefined;
  return { status, headers: [...withType(rename(withoutHop(headers)), body, type), ...cookies], body };
}

function head(metadata: unknown): Head | undefined {
  if (!isObject(metadata)) return undefined;
  const status = metadata.statusCode === undefined ? 200 : toStatus(metadata.statusCode);
  const headers = toPairs(metadata.headers);
  const cookies = toCookies(metadata.cookies);
  if (!status || !headers || !cookies) return undefined;
  return { status, headers: [...remapped(withoutHop(headers)), ...cookies] };
}

const bare = (contentType: string): Head => ({ status: 200, headers: [["content-type", contentType]] });

/** HTTP APIs answer every failure of an integration with a 500, and their own time-out with a 503. */
function httpApiFailure(kind: Failure): Answer {
  const say = (status: number, message: string) => plain(status, "application/json", JSON.stringify({ message }));
  if (kind === "no-route") return say(404, "Not Found");
  if (kind === "bad-request") return say(400, "Bad Request");
  if (kind === "too-large") return say(413, "Request Entity Too Large");
  if (kind === "timeout") return say(503, "Service Unavailable");
  return say(500, "Internal Server Error");
}

function functionUrlFailure(kind: Failure): Answer {
  const say = (status: number, Message: string | null) =>
    plain(status, "application/json", JSON.stringify({ Message }));
  if (kind === "no-route") return say(404, null);
  if (kind === "bad-request") return say(400, "Bad Request");
  if (kind === "too-large") {
    return say(413, "Request must be smaller than 6291456 bytes for the InvokeFunction operation");
  }
  return plain(502, "application/json", "Internal Server Error");
}
