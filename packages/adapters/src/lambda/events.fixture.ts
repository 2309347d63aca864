/**
 * Events as AWS's own pages show them, typed by `@types/aws-lambda`, and a context.
 * @module
 */
import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2 } from "aws-lambda";
import type { LambdaContext } from "./invocation.ts";

export const lambdaContext = (left = 10_000): LambdaContext => ({
  awsRequestId: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
  getRemainingTimeInMillis: () => left,
});

/** A REST API's. */
export function restEvent(change: Partial<APIGatewayProxyEvent> = {}): APIGatewayProxyEvent {
  return {
    resource: "/{proxy+}",
    path: "/users/1",
    httpMethod: "GET",
    headers: { Accept: "*/*", Host: "abc.execute-api.us-east-1.amazonaws.com", "X-Forwarded-For": "9.9.9.9, 1.2.3.4" },
    multiValueHeaders: {
      Accept: ["*/*"],
      Host: ["abc.execute-api.us-east-1.amazonaws.com"],
      "X-Forwarded-For": ["9.9.9.9, 1.2.3.4"],
    },
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: { proxy: "users/1" },
    stageVariables: null,
    requestContext: {
      accountId: "123456789012",
      apiId: "abc",
      authorizer: null,
      protocol: "HTTP/1.1",
      httpMethod: "GET",
      identity: {
        accessKey: null,
        accountId: null,
        apiKey: null,
        apiKeyId: null,
        caller: null,
        clientCert: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp: "1.2.3.4",
        user: null,
        userAgent: "curl/8",
        userArn: null,
      },
      path: "/prod/users/1",
      stage: "prod",
      requestId: "rest-id",
      requestTimeEpoch: 1_428_582_896_000,
      resourceId: "123456",
      resourcePath: "/{proxy+}",
      domainName: "abc.execute-api.us-east-1.amazonaws.com",
    },
    body: null,
    isBase64Encoded: false,
    ...change,
  };
}

/** An HTTP API's with payload 2.0, and a function URL's. */
export function httpEvent(
  change: Partial<APIGatewayProxyEventV2> & { method?: string; stage?: string; domainName?: string } = {},
): APIGatewayProxyEventV2 {
  const {
    method = "GET",
    stage = "$default",
    domainName = "abc.execute-api.us-east-1.amazonaws.com",
    ...rest
  } = change;
  const rawPath = rest.rawPath ?? "/users/1";
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath,
    rawQueryString: "",
    headers: { accept: "*/*", host: "abc.execute-api.us-east-1.amazonaws.com", "x-forwarded-for": "9.9.9.9,1.2.3.4" },
    requestContext: {
      accountId: "123456789012",
      apiId: "abc",
      domainName,
      domainPrefix: "abc",
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "1.2.3.4", userAgent: "curl/8" },
      requestId: "JKJaXmPLvHcESHA=",
      routeKey: "$default",
      stage,
      time: "12/Mar/2020:19:03:58 +0000",
      timeEpoch: 1_583_348_638_390,
    },
    isBase64Encoded: false,
    ...rest,
  };
}

const elb = { targetGroupArn: "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/t/49e9d65c45c6791a" };

/** A load balancer's, with one value a header. */
export function albEvent(change: Partial<ALBEvent> = {}): ALBEvent {
  return {
    requestContext: { elb },
    httpMethod: "GET",
    path: "/users/1",
    queryStringParameters: {},
    headers: {
      accept: "*/*",
      host: "lb.us-east-2.elb.amazonaws.com",
      "x-forwarded-for": "9.9.9.9, 1.2.3.4",
      "x-forwarded-port": "80",
      "x-forwarded-proto": "http",
    },
    body: "",
    isBase64Encoded: false,
    ...change,
  };
}

/** A load balancer's with `lambda.multi_value_headers.enabled`. */
export function albMultiEvent(change: Partial<ALBEvent> = {}): ALBEvent {
  const { headers, queryStringParameters: _query, ...rest } = albEvent();
  const multiValueHeaders = Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name, [value ?? ""]]),
  );
  return { ...rest, multiValueHeaders, multiValueQueryStringParameters: {}, ...change };
}

/** VPC Lattice's, event version V2. `@types/aws-lambda` has none. */
export function latticeEvent(change: Record<string, unknown> = {}): Record<string, unknown> {
  const arn = "arn:aws:vpc-lattice:us-east-1:123456789012:";
  return {
    version: "2.0",
    path: "/users/1",
    method: "GET",
    headers: { accept: ["*/*"], host: ["svc.vpc-lattice-svcs.us-east-1.on.aws"], "x-forwarded-for": ["1.2.3.4"] },
    queryStringParameters: {},
    isBase64Encoded: false,
    requestContext: {
      serviceNetworkArn: `${arn}servicenetwork/sn-0bf3f2882e9cc805a`,
      serviceArn: `${arn}service/svc-0a40eebed65f8d69c`,
      targetGroupArn: `${arn}targetgroup/tg-6d0ecf831eec9f09`,
      identity: { sourceVpcArn: "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-0b8276c84697e7339" },
      region: "us-east-1",
      timeEpoch: "1690497599177430",
    },
    ...change,
  };
}
