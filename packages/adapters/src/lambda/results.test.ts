import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp } from "@godwit/core/app";
import { onePattern } from "@godwit/core/router";
import { albEvent, albMultiEvent, httpEvent, lambdaContext, latticeEvent, restEvent } from "./events.fixture.ts";
import { type LambdaHandler, toHandler } from "./index.ts";

function handlerOf(answer: (request: Request) => Response | Promise<Response>): LambdaHandler {
  const route = { pattern: "/[[...all]]", module: { default: answer }, middleware: [] };
  return toHandler(createApp(onePattern([{ name: "all", rest: "any" }], route)));
}

const call = (answer: (request: Request) => Response | Promise<Response>, event: unknown) =>
  handlerOf(answer)(event, lambdaContext());

function page(): Response {
  const response = new Response("é", { headers: { "content-type": "text/html; charset=utf-8", "x-a": "1" } });
  response.headers.append("x-a", "2");
  response.headers.append("set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT");
  response.headers.append("set-cookie", "b=2");
  return response;
}

const cookies = ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"];
const fields = { "content-length": "2", "content-type": "text/html; charset=utf-8", "x-a": "1, 2" };
const content = { body: "é", isBase64Encoded: false };

test("every format takes the same answer in its own shape, with both cookies", async () => {
  assert.deepEqual(await call(page, restEvent()), {
    statusCode: 200,
    headers: fields,
    multiValueHeaders: { "set-cookie": cookies },
    ...content,
  });
  assert.deepEqual(await call(page, httpEvent()), { statusCode: 200, headers: fields, cookies, ...content });
  assert.deepEqual(await call(page, albEvent()), {
    statusCode: 200,
    statusDescription: "200 OK",
    headers: { ...fields, "set-cookie": cookies[0], "Set-cookie": cookies[1] },
    ...content,
  });
  assert.deepEqual(await call(page, albMultiEvent()), {
    statusCode: 200,
    statusDescription: "200 OK",
    multiValueHeaders: {
      "content-length": ["2"],
      "content-type": ["text/html; charset=utf-8"],
      "x-a": ["1, 2"],
      "set-cookie": cookies,
    },
    ...content,
  });
  assert.deepEqual(await call(page, latticeEvent()), {
    statusCode: 200,
    headers: { ...fields, "set-cookie": cookies },
    ...content,
  });
});

test("one cookie, and none", async () => {
  const one = () => new Response("x", { headers: { "set-cookie": "a=1", "content-type": "text/plain" } });
  const headers = { "content-type": "text/plain", "content-length": "1" };
  const rest = { body: "x", isBase64Encoded: false };
  assert.deepEqual(await call(one, latticeEvent()), {
    statusCode: 200,
    headers: { ...headers, "set-cookie": "a=1" },
    ...rest,
  });
  const none = () => new Response("x", { status: 404, headers: { "content-type": "text/plain" } });
  assert.deepEqual(await call(none, restEvent()), { statusCode: 404, headers, ...rest });
  assert.deepEqual(await call(none, httpEvent()), { statusCode: 404, headers, ...rest });
  assert.deepEqual(await call(none, albEvent()), {
    statusCode: 404,
    statusDescription: "404 Not Found",
    headers,
    ...rest,
  });
});

test("fifty cookies have fifty names behind a load balancer with one value a header", async () => {
  const many = () => {
    const response = new Response(null);
    for (let at = 0; at < 50; at++) response.headers.append("set-cookie", `c${at}=1`);
    return response;
  };
  const result = (await call(many, albEvent())) as { headers: Record<string, string> }; // a result of that format
  const names = Object.keys(result.headers).filter((name) => name.toLowerCase() === "set-cookie");
  assert.deepEqual(
    names.map((name) => result.headers[name]),
    Array.from({ length: 50 }, (_, at) => `c${at}=1`),
  );
});

test("a status text and an unknown status are described", async () => {
  const describe = async (init: ResponseInit) => {
    const result = (await call(() => new Response(null, init), albEvent())) as { statusDescription: string }; // of ALB
    return result.statusDescription;
  };
  assert.equal(await describe({ status: 200, statusText: "Fine" }), "200 Fine");
  assert.equal(await describe({ status: 599 }), "599 Unknown");
});

test("types that are no text, encoded content and bytes that are no UTF-8 go as base64", async () => {
  const encodedOf = async (body: BodyInit, headers: HeadersInit) => {
    const result = (await call(() => new Response(body, { headers }), httpEvent())) as {
      body: string;
      isBase64Encoded: boolean;
    }; // of v2
    assert.equal(
      result.body,
      Buffer.from(await new Response(body).arrayBuffer()).toString(result.isBase64Encoded ? "base64" : "utf8"),
    );
    return result.isBase64Encoded;
  };
  for (const type of [
    "text/plain",
    "text/event-stream",
    "application/json",
    "application/problem+json; a=b",
    "image/svg+xml",
    "application/javascript",
    "application/x-www-form-urlencoded",
  ]) {
    assert.equal(await encodedOf("x", { "content-type": type }), type === "image/svg+xml", type);
  }
  for (const type of ["image/png", "application/octet-stream", "application/jsonish", "font/woff2"]) {
    assert.equal(await encodedOf("x", { "content-type": type }), true, type);
  }
  assert.equal(await encodedOf("x", { "content-type": "text/plain", "content-encoding": "gzip" }), true);
  assert.equal(await encodedOf("x", { "content-type": "text/plain", "content-encoding": "identity" }), false);
  assert.equal(await encodedOf(new Uint8Array([0xff, 0xfe]), { "content-type": "text/plain" }), true);
  assert.equal(await encodedOf("\ufeffx", { "content-type": "text/plain" }), false);
});

test("a wrong content-length is repaired, and fields of the connection are dropped", async () => {
  const headers = {
    "content-type": "text/plain",
    "content-length": "99",
    "transfer-encoding": "chunked",
    connection: "close",
  };
  assert.deepEqual(await call(() => new Response("abc", { headers }), httpEvent()), {
    statusCode: 200,
    headers: { "content-type": "text/plain", "content-length": "3" },
    body: "abc",
    isBase64Encoded: false,
  });
});

test("statuses without a body have none, and no length but that of a 205 and a 304", async () => {
  const statusOf = (status: number) =>
    call(() => new Response(null, { status, headers: { "content-length": "5", "x-a": "1" } }), restEvent());
  const rest = { body: "", isBase64Encoded: false };
  assert.deepEqual(await statusOf(204), { statusCode: 204, headers: { "x-a": "1" }, ...rest });
  assert.deepEqual(await statusOf(205), { statusCode: 205, headers: { "x-a": "1", "content-length": "0" }, ...rest });
  assert.deepEqual(await statusOf(304), { statusCode: 304, headers: { "x-a": "1", "content-length": "5" }, ...rest });
  const switching = () => {
    const response = new Response("x", { headers: { "content-length": "1" } });
    // Fetch cannot make one; other implementations of Response can.
    return Object.defineProperty(response, "status", { value: 101 });
  };
  assert.deepEqual(await call(switching, restEvent()), {
    statusCode: 101,
    headers: { "content-type": "text/plain;charset=UTF-8" },
    ...rest,
  });
});

test("HEAD keeps the length that the app gave and has no body", async () => {
  const answer = () => new Response("hello", { headers: { "content-type": "text/plain", "content-length": "5" } });
  assert.deepEqual(await call(answer, restEvent({ httpMethod: "HEAD" })), {
    statusCode: 200,
    headers: { "content-type": "text/plain", "content-length": "5" },
    body: "",
    isBase64Encoded: false,
  });
});

test("an answer over the front's limit is a coded 502, and its body is cancelled", async (context) => {
  const logged = context.mock.method(console, "error", () => {});
  const MIB = 1024 * 1024;
  const of = async (body: BodyInit, event: unknown, type = "text/plain") => {
    const result = (await call(() => new Response(body, { headers: { "content-type": type } }), event)) as {
      statusCode: number;
      body: string;
    }; // every format has them
    return result.statusCode === 200 ? 200 : [result.statusCode, JSON.parse(result.body).code];
  };
  const large = [502, "LAMBDA_RESPONSE_TOO_LARGE"];
  assert.equal(await of("x".repeat(5.9 * MIB), httpEvent()), 200);
  assert.deepEqual(await of("x".repeat(6 * MIB), httpEvent()), large);
  assert.deepEqual(await of("\0".repeat(1.1 * MIB), httpEvent()), large);
  assert.deepEqual(await of("x".repeat(5 * MIB), httpEvent(), "image/png"), large);
  assert.equal(await of("x".repeat(0.9 * MIB), albEvent()), 200);
  assert.deepEqual(await of("x".repeat(MIB), albEvent()), large);
  assert.deepEqual(await of("x".repeat(MIB), albMultiEvent()), large);
  let cancelled = false;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(MIB)),
    cancel() {
      cancelled = true;
    },
  });
  assert.deepEqual(await of(endless, restEvent()), large);
  assert.equal(cancelled, true);
  assert.equal(logged.mock.callCount(), 6);
});

test("a body that fails is a 500 that tells nothing, and is logged", async (context) => {
  const logged = context.mock.method(console, "error", () => {});
  const failing = () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          controller.error(new Error("secret"));
        },
      }),
    );
  assert.deepEqual(await call(failing, httpEvent()), {
    statusCode: 500,
    headers: { "content-length": "67", "content-type": "application/problem+json" },
    body: '{"type":"about:blank","title":"Internal Server Error","status":500}',
    isBase64Encoded: false,
  });
  const texts = () => new Response(new ReadableStream({ start: (controller) => controller.enqueue("text") }));
  assert.equal(((await call(texts, httpEvent())) as { statusCode: number }).statusCode, 500); // every format has it
  const read = async () => {
    const response = new Response("hi", { headers: { "content-type": "text/plain" } });
    await response.text();
    return response;
  };
  assert.equal(((await call(read, httpEvent())) as { statusCode: number }).statusCode, 500); // every format has it
  assert.equal(logged.mock.callCount(), 3);
});
