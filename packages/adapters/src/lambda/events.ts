/**
 * The HTTP events that fronts of a Lambda function send, told apart and read into one shape. Pure.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
 * https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html
 * @module
 */

/**
 * `v1`: API Gateway REST, and HTTP API payload 1.0. `v2`: HTTP API, and function URLs. `alb-multi` is a target group
 * with `lambda.multi_value_headers.enabled`.
 */
export type Format = "v1" | "v2" | "alb" | "alb-multi" | "lattice";

type Values = Record<string, string | string[] | undefined> | null;

/** What Godwit reads of an event. Tests hold it against `@types/aws-lambda`. */
export interface LambdaEvent {
  version?: string;
  httpMethod?: string;
  method?: string;
  path?: string;
  rawPath?: string;
  rawQueryString?: string;
  headers?: Values;
  multiValueHeaders?: Values;
  queryStringParameters?: Values;
  multiValueQueryStringParameters?: Values;
  cookies?: string[];
  body?: string | null;
  isBase64Encoded?: boolean;
  requestContext?: {
    elb?: unknown;
    serviceArn?: string;
    resourceId?: string;
    identity?: { sourceIp?: string };
    http?: { method: string; sourceIp: string };
    domainName?: string;
    stage?: string;
    eventType?: string;
  };
}

/** The format of an HTTP event; undefined for every other event. */
export function formatOf(event: LambdaEvent): Format | undefined {
  const context = event.requestContext;
  if (!context) return undefined;
  if (context.elb) return event.multiValueHeaders ? "alb-multi" : "alb";
  // rawPath alone tells nothing: v1 behind a base path mapping has it as well.
  if (event.version === "2.0") return context.http ? "v2" : context.serviceArn ? "lattice" : undefined;
  return event.httpMethod && (context.identity || context.resourceId) ? "v1" : undefined;
}

/** Percent-encoded, with a leading slash, without the stage and the query. */
export function pathOf(event: LambdaEvent, format: Format): string {
  const { version, rawPath, path = "/", requestContext } = event;
  // In the path of VPC Lattice is the query as well.
  const own = format === "lattice" ? path.replace(/\?.*/, "") : (format === "v2" && rawPath) || path;
  // What is no path (`*`, an absolute URL) becomes one, never an origin.
  const rooted = own.startsWith("/") ? own : `/${own}`;
  // An HTTP API decodes the path in both payloads (honojs/hono#2156, hotsock/voker#8); a function URL, whose events are
  // else the same, does not. Escaped again is what the URL parser would read as syntax, drop or trim.
  const decoded = version === "1.0" || (format === "v2" && !requestContext?.domainName?.includes(".lambda-url."));
  const escaped = rooted.replace(decoded ? /[%?#\\\s\p{Cc}]/gu : /[?#]/g, encodeURIComponent);
  // REST, which has no version, takes the stage off itself; an HTTP API does in neither payload.
  return cut(escaped, version && requestContext?.stage);
}

/** Takes a stage or a base path off. */
export function cut(path: string, prefix: string | undefined): string {
  const start = `/${prefix}`;
  if (!prefix || prefix === "$default" || !`${path}/`.startsWith(`${start}/`)) return path;
  return path.slice(start.length) || "/";
}

/** Percent-encoded, without the question mark. An empty value stays, so that `?a` is still there as `?a=`. */
export function queryOf(event: LambdaEvent, format: Format): string {
  if (format === "v2") return event.rawQueryString ?? "";
  const [, raw] = (format === "lattice" && event.path?.match(/\?(.+)/)) || [];
  // A load balancer does not decode it.
  const encode = format.startsWith("alb") ? String : encodeURIComponent;
  const values = event.multiValueQueryStringParameters ?? event.queryStringParameters ?? {};
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    [value ?? ""].flat().map((text) => `${encode(name)}=${encode(text)}`),
  );
  return raw ?? pairs.join("&");
}
