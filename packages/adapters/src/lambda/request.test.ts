import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp } from "@godwit/core/app";
import { onePattern } from "@godwit/core/router";
import type { Context } from "@godwit/core/types";
import { albEvent, albMultiEvent, httpEvent, lambdaContext, latticeEvent, restEvent } from "./events.fixture.ts";
import { type LambdaOptions, toHandler } from "./index.ts";

interface Seen {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | null;
  ip: string | undefined;
}

/** What the app sees of an event; the status when it does not reach the app. */
async function see(event: unknown, options?: LambdaOptions): Promise<Seen | number> {
  let seen: Seen | undefined;
  const answer = async (request: Request, context: Context) => {
    const { method, url } = request;
    const body = request.body && Buffer.from(await request.arrayBuffer()).toString("latin1");
    seen = { method, url, headers: Object.fromEntries(request.headers), body, ip: context.ip };
    return new Response(null);
  };
  const route = { pattern: "/[[...all]]", module: { default: answer }, middleware: [] };
  const app = createApp(onePattern([{ name: "all", rest: "any" }], route), { notFound: answer });
  const result = await toHandler(app, options)(event, lambdaContext());
  return seen ?? (result as { statusCode: number }).statusCode; // every HTTP event has a status
}

async function url(event: unknown, options?: LambdaOptions): Promise<string> {
  const seen = await see(event, options);
  assert.ok(typeof seen === "object", `the app was not reached: ${seen}`);
  return seen.url;
}

test("every format gives the app the same request", async () => {
  const body = Buffer.from('{"a":"é"}').toString("latin1");
  const common = { method: "POST", body, ip: "1.2.3.4" };
  const post = { httpMethod: "POST", body: '{"a":"é"}' };
  const gateway = "https://abc.execute-api.us-east-1.amazonaws.com/users/1?a=1&a=2&b=";
  assert.deepEqual(
    await see(
      restEvent({
        ...post,
        queryStringParameters: { a: "2", b: "" },
        multiValueQueryStringParameters: { a: ["1", "2"], b: [""] },
      }),
    ),
    {
      ...common,
      url: gateway,
      headers: {
        accept: "*/*",
        host: "abc.execute-api.us-east-1.amazonaws.com",
        "x-forwarded-for": "9.9.9.9, 1.2.3.4",
      },
    },
  );
  assert.deepEqual(await see(httpEvent({ method: "POST", body: '{"a":"é"}', rawQueryString: "a=1&a=2&b=" })), {
    ...common,
    url: gateway,
    headers: { accept: "*/*", host: "abc.execute-api.us-east-1.amazonaws.com", "x-forwarded-for": "9.9.9.9,1.2.3.4" },
  });
  const albHeaders = {
    accept: "*/*",
    host: "lb.us-east-2.elb.amazonaws.com",
    "x-forwarded-for": "9.9.9.9, 1.2.3.4",
    "x-forwarded-port": "80",
    "x-forwarded-proto": "http",
  };
  const balancer = "http://lb.us-east-2.elb.amazonaws.com/users/1";
  assert.deepEqual(await see(albEvent({ ...post, queryStringParameters: { a: "2", b: "" } })), {
    ...common,
    url: `${balancer}?a=2&b=`,
    headers: albHeaders,
  });
  assert.deepEqual(await see(albMultiEvent({ ...post, multiValueQueryStringParameters: { a: ["1", "2"], b: [""] } })), {
    ...common,
    url: `${balancer}?a=1&a=2&b=`,
    headers: albHeaders,
  });
  assert.deepEqual(
    await see(latticeEvent({ method: "POST", body: '{"a":"é"}', queryStringParameters: { a: ["1", "2"], b: [""] } })),
    {
      ...common,
      url: "https://svc.vpc-lattice-svcs.us-east-1.on.aws/users/1?a=1&a=2&b=",
      headers: { accept: "*/*", host: "svc.vpc-lattice-svcs.us-east-1.on.aws", "x-forwarded-for": "1.2.3.4" },
    },
  );
});

test("a decoded query is encoded again, a raw one is left as it is", async () => {
  const decoded = { "a b": ["c&d=ü#"] };
  const search = "?a%20b=c%26d%3D%C3%BC%23";
  const searchOf = async (event: unknown) => new URL(await url(event)).search;
  assert.equal(await searchOf(restEvent({ multiValueQueryStringParameters: decoded })), search);
  assert.equal(
    await searchOf(restEvent({ multiValueQueryStringParameters: null, queryStringParameters: { q: "a+b" } })),
    "?q=a%2Bb",
  );
  assert.equal(await searchOf(latticeEvent({ queryStringParameters: decoded })), search);
  assert.equal(await searchOf(latticeEvent({ path: "/users/1?x=%26&y" })), "?x=%26&y");
  assert.equal(await searchOf(httpEvent({ rawQueryString: "a%20b=c%26d&&e" })), "?a%20b=c%26d&&e");
  assert.equal(await searchOf(albEvent({ queryStringParameters: { "a%20b": "c%26d" } })), "?a%20b=c%26d");
  assert.equal(
    await searchOf(albMultiEvent({ multiValueQueryStringParameters: { "a%20b": ["c%26d", "e+f"] } })),
    "?a%20b=c%26d&a%20b=e+f",
  );
  // serverless-offline sends both.
  const both = { queryStringParameters: { a: "2" }, multiValueQueryStringParameters: { a: ["1", "2"] } };
  assert.equal(await searchOf(albMultiEvent(both)), "?a=1&a=2");
});

test("a named stage is taken off the path of v2 and of payload 1.0, and nothing else is", async () => {
  const pathOf = async (event: unknown, options?: LambdaOptions) => new URL(await url(event, options)).pathname;
  assert.equal(await pathOf(httpEvent({ stage: "prod", rawPath: "/prod/users/1" })), "/users/1");
  assert.equal(await pathOf(httpEvent({ stage: "prod", rawPath: "/prod" })), "/");
  assert.equal(await pathOf(httpEvent({ stage: "prod", rawPath: "/production" })), "/production");
  assert.equal(await pathOf(httpEvent({ stage: "$default", rawPath: "/$default/x" })), "/$default/x");
  assert.equal(await pathOf({ ...restEvent({ path: "/prod/a" }), version: "1.0" }), "/a");
  assert.equal(await pathOf(restEvent({ path: "/prod/a" })), "/prod/a");
  assert.equal(await pathOf(restEvent({ path: "/v1/a" }), { basePath: "/v1" }), "/a");
  assert.equal(await pathOf(restEvent({ path: "/v12/a" }), { basePath: "/v1" }), "/v12/a");
});

test("a path that an HTTP API decoded is escaped again: no letter turns into syntax or is lost, and none is decoded twice", async () => {
  const sent = "/a%20b/%C3%BC/100%25/%2541/%3Fadmin=1/%23/%5C/x%09y%0A/%C2%A0/%01%20";
  const decoded = decodeURIComponent(sent);
  const v2 = await url(httpEvent({ rawPath: decoded, rawQueryString: "q=%31" }));
  assert.equal(v2, `https://abc.execute-api.us-east-1.amazonaws.com${sent}?q=%31`);
  assert.equal(new URL(await url(httpEvent({ rawPath: decoded }))).pathname, sent);
  assert.equal(new URL(await url({ ...restEvent({ path: decoded }), version: "1.0" })).pathname, sent);
  assert.equal(new URL(await url(httpEvent({ stage: "prod", rawPath: "/prod/100%" }))).pathname, "/100%25");
});

test("a path that function URLs, REST, load balancers and VPC Lattice left encoded stays as it was sent", async () => {
  const sent = "/a%20b/%c3%bc/a%2Fb/100%25/%2525/%3F/%23";
  const domainName = "k2xmplq7mhb4zyzl3h7qkvn3ey0abcde.lambda-url.us-east-1.on.aws";
  const events = [
    httpEvent({ domainName, rawPath: sent }),
    restEvent({ path: sent }),
    albEvent({ path: sent }),
    albMultiEvent({ path: sent }),
    latticeEvent({ path: sent }),
  ];
  for (const event of events) assert.equal(new URL(await url(event)).pathname, sent);
});

test("the origin never comes from the path", async () => {
  const origin = "https://abc.execute-api.us-east-1.amazonaws.com";
  assert.equal(await url(httpEvent({ rawPath: "//evil.com/a" })), `${origin}//evil.com/a`);
  assert.equal(await url(restEvent({ path: "//evil.com" })), `${origin}//evil.com`);
  assert.equal(await url(httpEvent({ rawPath: "http://evil.com/" })), `${origin}/http://evil.com/`);
  assert.equal(await url(httpEvent({ rawPath: "@evil.com" })), `${origin}/@evil.com`);
  assert.equal(await url(httpEvent({ rawPath: "/a?b#c" })), `${origin}/a%3Fb%23c`);
  assert.equal(await url(restEvent({ path: "" })), `${origin}/`);
});

test("a host that is none is answered 400", async () => {
  for (const host of ["evil.com/path", "user@evil.com", "a,b", "a b", "a#b", "[::1", "a:b", "a:99999", ""]) {
    assert.equal(await see(httpEvent({ headers: { host } })), 400, host);
  }
  assert.equal(await url(httpEvent({ headers: { host: "[::1]:8080" } })), "https://[::1]:8080/users/1");
  assert.equal(await url(httpEvent({ headers: {} })), "https://abc.execute-api.us-east-1.amazonaws.com/users/1");
});

test("a load balancer's health check, which has no Host, is answered", async () => {
  const seen = { method: "GET", url: "https://localhost/", body: null, ip: undefined };
  const headers = { "user-agent": "ELB-HealthChecker/2.0" };
  assert.deepEqual(await see(albEvent({ path: "/", headers })), { ...seen, headers });
  const multiValueHeaders = { "user-agent": ["ELB-HealthChecker/2.0"] };
  assert.deepEqual(await see(albMultiEvent({ path: "/", multiValueHeaders })), { ...seen, headers });
});

test("header maps that are null, as in tests from the console, are empty", async () => {
  const event = { ...restEvent(), headers: null, multiValueHeaders: null };
  const seen = await see(event);
  assert.deepEqual(seen, {
    method: "GET",
    url: "https://abc.execute-api.us-east-1.amazonaws.com/users/1",
    headers: {},
    body: null,
    ip: "1.2.3.4",
  });
  const single = await see(
    restEvent({ multiValueHeaders: null as unknown as undefined as never, headers: { "X-A": "1" } }),
  ); // the types deny what the console sends
  assert.deepEqual(typeof single === "object" && single.headers, { "x-a": "1" });
});

test("cookies are one field, each once", async () => {
  const cookieOf = async (event: unknown) => {
    const seen = await see(event);
    return typeof seen === "object" && seen.headers.cookie;
  };
  const headers = { cookie: "a=1; b=2" };
  assert.equal(await cookieOf(httpEvent({ headers, cookies: ["a=1", "b=2"] })), "a=1; b=2");
  assert.equal(await cookieOf(httpEvent({ cookies: ["a=1", "b=2"] })), "a=1; b=2");
  assert.equal(await cookieOf(httpEvent({ headers })), "a=1; b=2");
  assert.equal(await cookieOf(restEvent({ multiValueHeaders: { Cookie: ["a=1", "b=2"] } })), "a=1; b=2");
  assert.equal(await cookieOf(latticeEvent({ headers: { cookie: ["a=1", "b=2"] } })), "a=1; b=2");
});

test("headers of several values and of letters beyond Latin-1 arrive", async () => {
  const seen = await see(restEvent({ multiValueHeaders: { "X-A": ["1", "2"], "X-B": ["日本"], "X-C": [] } }));
  assert.deepEqual(typeof seen === "object" && seen.headers, {
    "x-a": "1, 2",
    "x-b": Buffer.from("日本").toString("latin1"),
  });
  assert.equal(await see(restEvent({ multiValueHeaders: { "X-A": ["a\nb"] } })), 400);
});

test("a body in base64 is bytes again, its length is repaired, and no content type is made up", async () => {
  const body = Buffer.from([0, 255, 128]).toString("base64");
  const headers = { "content-length": "4" };
  const seen = await see(httpEvent({ method: "PUT", body, isBase64Encoded: true, headers }));
  assert.deepEqual(typeof seen === "object" && [seen.body, seen.headers], ["\x00\xff\x80", { "content-length": "3" }]);
});

test("GET and HEAD have no body, whatever the event says", async () => {
  for (const event of [
    albEvent(),
    albEvent({ httpMethod: "HEAD" }),
    httpEvent({ body: "x" }),
    restEvent({ body: "" }),
  ]) {
    const seen = await see(event);
    assert.equal(typeof seen === "object" && seen.body, null);
  }
});

test("the client's address is what the front vouches for", async () => {
  const ipOf = async (event: unknown, options?: LambdaOptions) => {
    const seen = await see(event, options);
    return typeof seen === "object" && seen.ip;
  };
  const headers = { host: "a.test", "x-forwarded-for": "6.6.6.6, 7.7.7.7, 8.8.8.8" };
  assert.equal(await ipOf(httpEvent({ headers })), "1.2.3.4");
  assert.equal(await ipOf(albEvent({ headers })), "8.8.8.8");
  assert.equal(
    await ipOf(albEvent({ headers: { ...headers, "x-forwarded-for": "6.6.6.6, 8.8.8.8:1234" } })),
    "8.8.8.8",
  );
  assert.equal(
    await ipOf(albEvent({ headers: { ...headers, "x-forwarded-for": "[2001:db8::1]:1234" } })),
    "2001:db8::1",
  );
  assert.equal(await ipOf(albEvent({ headers: { ...headers, "x-forwarded-for": "2001:db8::1" } })), "2001:db8::1");
  const { requestContext } = httpEvent();
  const http = { ...requestContext.http, sourceIp: "2001:db8::2" };
  assert.equal(await ipOf(httpEvent({ headers, requestContext: { ...requestContext, http } })), "2001:db8::2");
  assert.equal(await ipOf(restEvent({ multiValueHeaders: { "X-Forwarded-For": ["6.6.6.6"] } })), "1.2.3.4");
  assert.equal(await ipOf(httpEvent({ headers }), { trustProxy: 1 }), "8.8.8.8");
  assert.equal(await ipOf(httpEvent({ headers }), { trustProxy: 2 }), "7.7.7.7");
  assert.equal(await ipOf(albEvent({ headers }), { trustProxy: 1 }), "7.7.7.7");
});

test("X-Forwarded-Host and -Proto are believed behind a trusted proxy alone", async () => {
  const headers = { host: "a.test", "x-forwarded-host": "app.test", "x-forwarded-proto": "http" };
  assert.equal(await url(httpEvent({ headers })), "https://a.test/users/1");
  assert.equal(await url(httpEvent({ headers }), { trustProxy: 1 }), "http://app.test/users/1");
});

test("methods that no Request can carry are answered 405", async () => {
  assert.equal(await see(httpEvent({ method: "TRACE" })), 405);
  assert.equal(await see(restEvent({ httpMethod: "CONNECT" })), 405);
  assert.equal(await see(restEvent({ httpMethod: "BAD METHOD" })), 400);
});

test("what looks like v2 by its rawPath and is v1 behind a base path mapping is read as v1", async () => {
  for (const version of ["1.0", undefined]) {
    const event = { ...restEvent({ path: "/v1/users/1" }), rawPath: "/wrong", version };
    assert.equal(new URL(await url(event)).pathname, "/v1/users/1");
    assert.equal(new URL(await url(event, { basePath: "/v1" })).pathname, "/users/1");
  }
});
