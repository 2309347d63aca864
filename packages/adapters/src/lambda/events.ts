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

/** A request as the front saw it. */
export interface Target {
  method: string;
  /** Percent-encoded, with a leading slash, without the stage. */
  path: string;
  /** Percent-encoded, without the question mark. */
  query: string;
  /** The peer of the front, where it says so itself. */
  ip?: string;
  /** The front's own name. */
  domain?: string;
}

/** What a format has not is undefined in it, so that most members are read alike. */
export function readTarget(event: LambdaEvent, format: Format): Target {
  const { requestContext: context = {}, version, rawPath, path = "/" } = event;
  const { http, identity, stage, domainName: domain } = context;
  // In the path of VPC Lattice is the query as well.
  const [own = "", ...rest] = format === "lattice" ? path.split("?") : [(format === "v2" && rawPath) || path];
  const values = event.multiValueQueryStringParameters ?? event.queryStringParameters;
  // A load balancer does not decode it.
  const encode = format.startsWith("alb") ? String : encodeURIComponent;
  return {
    method: http?.method ?? event.httpMethod ?? event.method ?? "GET",
    // REST, which has no version, takes the stage off itself; an HTTP API does in neither payload.
    path: version ? cut(clean(own), stage) : clean(own),
    query: format === "v2" ? (event.rawQueryString ?? "") : rest.join("?") || joinQuery(values, encode),
    ip: (http ?? identity)?.sourceIp,
    domain,
  };
}

/** A front may have decoded `%3F` and `%23`; what is no path (`*`, an absolute URL) becomes one, never an origin. */
function clean(path: string): string {
  return (path.startsWith("/") ? path : `/${path}`).replace(/[?#]/g, encodeURIComponent);
}

/** Takes a stage or a base path off. */
export function cut(path: string, prefix: string | undefined): string {
  const start = `/${prefix}`;
  if (!prefix || prefix === "$default" || !`${path}/`.startsWith(`${start}/`)) return path;
  return path.slice(start.length) || "/";
}

/** An empty value stays, so that `?a` is still there as `?a=`. */
function joinQuery(values: Values | undefined, encode: (text: string) => string): string {
  return Object.entries(values ?? {})
    .flatMap(([name, value]) => [value ?? ""].flat().map((text) => `${encode(name)}=${encode(text)}`))
    .join("&");
}
