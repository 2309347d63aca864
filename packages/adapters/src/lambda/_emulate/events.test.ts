import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Emulator } from "@godwit/bundler/contracts";
import { type FixtureOptions, get, sendRaw, start } from "./artefact.fixture.ts";

const ECHO = `export const handler = async (event) => {
  const headers = { "content-type": "application/json" };
  const multiValueHeaders = { "content-type": ["application/json"] };
  const body = JSON.stringify(event);
  if (event.requestContext.elb) return { statusCode: 200, headers, multiValueHeaders, body };
  return { statusCode: 200, headers, body };
};`;
const ECHO_STREAM = `export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const out = awslambda.HttpResponseStream.from(stream, { statusCode: 200, headers: { "content-type": "application/json" } });
  out.write(JSON.stringify(event));
  out.end();
});`;
const REQUEST = [
  "POST /users/a%20b?x=1&x=%C3%A9&empty=&flag HTTP/1.1",
  "Host: shop.example",
  "User-Agent: raw/1",
  "X-Twice: one",
  "x-twice: two",
  "Cookie: a=1; b=2",
  "X-Forwarded-For: 6.6.6.6",
  "Content-Type: application/json",
  "Content-Length: 8",
  "Connection: close",
  "",
  '{"a":"b"',
].join("\r\n");
const ROUTES = [
  { match: "POST /users/{id}", function: "main" },
  { match: "$default", function: "main" },
];

/** What differs from run to run is checked for its shape and then fixed. */
function settle(text: string, port: string): unknown {
  const patterns: [RegExp, string][] = [
    [/Root=1-[0-9a-f]{8}-[0-9a-f]{24}/g, "TRACE"],
    [/"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"/g, '"UUID"'],
    [/"[\w-]{15}="/g, '"SHORT"'],
    [/"\d\d\/[A-Z][a-z]{2}\/\d{4}(:\d\d){3} \+0000"/g, '"TIME"'],
    [/"?\d{16}"|\b\d{13}\b/g, '"EPOCH"'],
    [new RegExp(`"${port}"`, "g"), '"PORT"'],
  ];
  return JSON.parse(patterns.reduce((settled, [pattern, word]) => settled.replaceAll(pattern, word), text));
}

const V2_HEADERS = {
  host: "shop.example",
  "user-agent": "raw/1",
  "x-twice": "one,two",
  "content-type": "application/json",
  "content-length": "8",
  "x-amzn-trace-id": "TRACE",
  "x-forwarded-for": "6.6.6.6, 127.0.0.1",
  "x-forwarded-port": "PORT",
  "x-forwarded-proto": "http",
};
const V2_HTTP = {
  method: "POST",
  path: "/users/a b",
  protocol: "HTTP/1.1",
  sourceIp: "127.0.0.1",
  userAgent: "raw/1",
};
const V2_CONTEXT = {
  accountId: "123456789012",
  apiId: "r3pmxmplak",
  domainName: "shop.example",
  domainPrefix: "shop",
  http: V2_HTTP,
  requestId: "SHORT",
  routeKey: "POST /users/{id}",
  stage: "$default",
  time: "TIME",
  timeEpoch: "EPOCH",
};
const V2 = {
  version: "2.0",
  routeKey: "POST /users/{id}",
  rawPath: "/users/a b",
  rawQueryString: "x=1&x=%C3%A9&empty=&flag",
  cookies: ["a=1", "b=2"],
  headers: V2_HEADERS,
  queryStringParameters: { x: "1,é", empty: "", flag: "" },
  requestContext: V2_CONTEXT,
  pathParameters: { id: "a b" },
  body: '{"a":"b"',
  isBase64Encoded: false,
};
const { pathParameters: _, ...V2_URL } = V2;
const URL_EVENT = {
  ...V2_URL,
  routeKey: "$default",
  rawPath: "/users/a%20b",
  headers: { ...V2_HEADERS, cookie: "a=1; b=2" },
  requestContext: {
    ...V2_CONTEXT,
    accountId: "anonymous",
    apiId: "k2xmplq7mhb4zyzl3h7qkvn3ey0abcde",
    domainName: "k2xmplq7mhb4zyzl3h7qkvn3ey0abcde.lambda-url.us-east-1.on.aws",
    domainPrefix: "k2xmplq7mhb4zyzl3h7qkvn3ey0abcde",
    requestId: "UUID",
    routeKey: "$default",
  },
};
const MULTI_HEADERS = {
  Host: ["shop.example"],
  "User-Agent": ["raw/1"],
  "X-Twice": ["one", "two"],
  Cookie: ["a=1; b=2"],
  "Content-Type": ["application/json"],
  "Content-Length": ["8"],
  "X-Amzn-Trace-Id": ["TRACE"],
  "X-Forwarded-For": ["6.6.6.6, 127.0.0.1"],
  "X-Forwarded-Port": ["PORT"],
  "X-Forwarded-Proto": ["http"],
};
const last = (map: Record<string, string[]>) =>
  Object.fromEntries(Object.entries(map).map(([name, values]) => [name, values.at(-1)]));
const V1 = {
  resource: "/users/{id}",
  path: "/users/a%20b",
  httpMethod: "POST",
  headers: last(MULTI_HEADERS),
  multiValueHeaders: MULTI_HEADERS,
  queryStringParameters: { x: "é", empty: "", flag: "" },
  multiValueQueryStringParameters: { x: ["1", "é"], empty: [""], flag: [""] },
  pathParameters: { id: "a%20b" },
  stageVariables: null,
  requestContext: {
    resourceId: "2gxmpl",
    resourcePath: "/users/{id}",
    httpMethod: "POST",
    extendedRequestId: "SHORT",
    requestTime: "TIME",
    path: "/users/a%20b",
    accountId: "123456789012",
    protocol: "HTTP/1.1",
    stage: "prod",
    domainPrefix: "shop",
    requestTimeEpoch: "EPOCH",
    requestId: "UUID",
    identity: {
      cognitoIdentityPoolId: null,
      accountId: null,
      cognitoIdentityId: null,
      caller: null,
      sourceIp: "127.0.0.1",
      principalOrgId: null,
      accessKey: null,
      cognitoAuthenticationType: null,
      cognitoAuthenticationProvider: null,
      userArn: null,
      userAgent: "raw/1",
      user: null,
    },
    domainName: "shop.example",
    apiId: "wt6mne2s9k",
  },
  body: Buffer.from('{"a":"b"').toString("base64"),
  isBase64Encoded: true,
};
const LOWER = Object.fromEntries(Object.entries(MULTI_HEADERS).map(([name, values]) => [name.toLowerCase(), values]));
const ALB = {
  requestContext: {
    elb: {
      targetGroupArn: "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/godwit/0123456789abcdef",
    },
  },
  httpMethod: "POST",
  path: "/users/a%20b",
  body: '{"a":"b"',
  isBase64Encoded: false,
};
const { "x-amzn-trace-id": __, ...LATTICE_HEADERS } = LOWER;
const EVENTS: Record<string, unknown> = {
  "http-api": V2,
  "function-url": URL_EVENT,
  "function-url-stream": URL_EVENT,
  rest: V1,
  "rest-stream": V1,
  alb: { ...ALB, queryStringParameters: { x: "%C3%A9", empty: "", flag: "" }, headers: last(LOWER) },
  "alb-multi": {
    ...ALB,
    multiValueQueryStringParameters: { x: ["1", "%C3%A9"], empty: [""], flag: [""] },
    multiValueHeaders: LOWER,
  },
  lattice: {
    version: "2.0",
    path: "/users/a%20b?x=1&x=%C3%A9&empty=&flag",
    method: "POST",
    headers: LATTICE_HEADERS,
    queryStringParameters: { x: ["1", "é"], empty: [""], flag: [""] },
    body: '{"a":"b"',
    isBase64Encoded: false,
    requestContext: {
      serviceNetworkArn: "arn:aws:vpc-lattice:us-east-1:123456789012:servicenetwork/sn-0bf3f2882e9cc805a",
      serviceArn: "arn:aws:vpc-lattice:us-east-1:123456789012:service/svc-0a40eebed65f8d69c",
      targetGroupArn: "arn:aws:vpc-lattice:us-east-1:123456789012:targetgroup/tg-6d0ecf831eec9f09",
      identity: { sourceVpcArn: "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-0b8276c84697e7339" },
      region: "us-east-1",
      timeEpoch: "EPOCH",
    },
  },
};

async function eventOf(t: TestContext, front: string, options: FixtureOptions = {}): Promise<unknown> {
  const source = front.endsWith("stream") ? ECHO_STREAM : ECHO;
  const emulator = await start(t, source, { front, routes: ROUTES, ...options });
  const answer = await sendRaw(emulator.url, REQUEST);
  const event = answer.slice(answer.indexOf('{"'), answer.lastIndexOf("}") + 1);
  return settle(Buffer.from(event, "latin1").toString(), emulator.url.port);
}

for (const [front, expected] of Object.entries(EVENTS)) {
  test(`${front} writes the whole event as AWS does`, async (t) => {
    assert.deepEqual(await eventOf(t, front), expected);
  });
}

test("http-api with a named stage has it in the path", async (t) => {
  const resources = [{ kind: "lambda", name: "main", spec: { stage: "prod" } }];
  assert.deepEqual(await eventOf(t, "http-api", { resources }), {
    ...V2,
    rawPath: "/prod/users/a b",
    requestContext: { ...V2_CONTEXT, http: { ...V2_HTTP, path: "/prod/users/a b" }, stage: "prod" },
  });
});

test("a request without query and body has each format's own emptiness", async (t) => {
  const shapes: Record<string, unknown> = {};
  for (const front of ["http-api", "rest", "alb", "alb-multi", "lattice"]) {
    const emulator = await start(t, ECHO, { front });
    const event = await (await get(emulator, "/a/b")).json();
    shapes[front] = [
      event.body,
      event.isBase64Encoded,
      event.queryStringParameters,
      event.multiValueQueryStringParameters,
      event.pathParameters,
    ];
  }
  assert.deepEqual(shapes, {
    "http-api": [undefined, false, undefined, undefined, undefined],
    rest: [null, false, null, null, { proxy: "a/b" }],
    alb: ["", false, {}, undefined, undefined],
    "alb-multi": ["", false, undefined, {}, undefined],
    lattice: [undefined, false, undefined, undefined, undefined],
  });
});

test("a body is base64 unless its type is known to be text and it has no encoding", async (t) => {
  const emulator = await start(t, ECHO);
  const send = async (headers: Record<string, string>) => {
    const request = new Request(emulator.url, { method: "POST", body: new Uint8Array([104, 105]), headers });
    const { body, isBase64Encoded } = await (await emulator.fetch(request)).json();
    return [body, isBase64Encoded];
  };
  assert.deepEqual(await send({ "content-type": "text/css; charset=utf-8" }), ["hi", false]);
  assert.deepEqual(await send({ "content-type": "application/problem+json" }), ["hi", false]);
  assert.deepEqual(await send({ "content-type": "application/x-www-form-urlencoded" }), ["aGk=", true]);
  assert.deepEqual(await send({ "content-type": "text/plain", "content-encoding": "gzip" }), ["aGk=", true]);
  assert.deepEqual(await send({}), ["aGk=", true]);
});

const ask = (emulator: Emulator, target: string) =>
  sendRaw(emulator.url, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);

test("an odd target reaches the function as it was sent, and one that is no path is refused", async (t) => {
  const emulator = await start(t, ECHO, { front: "function-url" });
  assert.match(await ask(emulator, "//evil.example/%2F/../a"), /"rawPath":"\/\/evil\.example\/%2F\/\.\.\/a"/);
  assert.match(await ask(emulator, "/%zz"), /"rawPath":"\/%zz"/);
  assert.match(await ask(emulator, "http://other.example/a?b=%zz"), /"rawPath":"\/a","rawQueryString":"b=%zz"/);
  assert.match(await ask(emulator, "*"), /^HTTP\/1\.1 400 Bad Request/);
});

test("an HTTP API decodes a path once, before it routes, and answers a malformed one itself", async (t) => {
  const routes = [...ROUTES, { match: "ANY /files/{name}", function: "main" }];
  const emulator = await start(t, ECHO, { front: "http-api", routes });
  const told = async (target: string) => {
    const { rawPath, routeKey, pathParameters } = await (await get(emulator, target)).json();
    return [rawPath, routeKey, pathParameters?.name];
  };
  assert.deepEqual(await told("/files/100%25"), ["/files/100%", "ANY /files/{name}", "100%"]);
  assert.deepEqual(await told("/files/%2541"), ["/files/%41", "ANY /files/{name}", "%41"]);
  assert.deepEqual(await told("/%66iles/a%23b"), ["/files/a#b", "ANY /files/{name}", "a#b"]);
  assert.deepEqual(await told("/%2566iles/a"), ["/%66iles/a", "$default", undefined]);
  assert.deepEqual(await told("/files/a%2Fb"), ["/files/a/b", "$default", undefined]);
  assert.deepEqual(await told("/files/a%3Fb"), ["/files/a", "ANY /files/{name}", "a"]);
  for (const target of ["/%", "/%zz", "/%FF"]) {
    assert.match(await ask(emulator, target), /^HTTP\/1\.1 400 Bad Request.*\{"message":"Bad Request"\}$/s);
  }
});
