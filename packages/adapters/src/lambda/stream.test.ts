import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { createApp } from "@godwit/core/app";
import { onePattern } from "@godwit/core/router";
import type { Handler } from "@godwit/core/types";
import { albEvent, httpEvent, lambdaContext, restEvent } from "./events.fixture.ts";
import { toStreamingHandler } from "./index.ts";
import type { AwsLambda, ResponseStream } from "./stream.ts";

/** Lambda's stream as far as it is documented: the prelude goes out with the first write, eight NULs behind it. */
class Stream extends EventEmitter implements ResponseStream {
  written: (string | Uint8Array)[] = [];
  type = "application/octet-stream";
  ended = false;
  full = false;
  prelude?: object;
  setContentType(type: string): void {
    this.type = type;
  }
  write(chunk: string | Uint8Array): boolean {
    if (this.prelude) this.written.push(JSON.stringify(this.prelude), "\0".repeat(8));
    this.prelude = undefined;
    this.written.push(chunk);
    this.emit("written");
    return !this.full;
  }
  end(): void {
    this.ended = true;
    this.emit("close");
  }
  get text(): string {
    return Buffer.concat(this.written.map((chunk) => Buffer.from(chunk as Uint8Array))).toString(); // Buffer.from takes both
  }
}

const awslambda: AwsLambda = {
  streamifyResponse: (handler) => handler,
  HttpResponseStream: {
    from(stream, meta) {
      stream.setContentType("application/vnd.awslambda.http-integration-response");
      (stream as Stream).prelude = meta; // the only stream here
      return stream;
    },
  },
};

function handlerOf(handler: Handler) {
  Object.assign(globalThis, { awslambda });
  const route = { pattern: "/[[...all]]", module: { GET: handler }, middleware: [] };
  return toStreamingHandler(createApp(onePattern([{ name: "all", rest: "any" }], route)));
}

async function run(handler: Handler, event: unknown, stream: Stream = new Stream()): Promise<Stream> {
  assert.equal(await handlerOf(handler)(event, stream, lambdaContext()), undefined);
  assert.equal(stream.ended, true);
  return stream;
}

const NULS = "\0".repeat(8);

test("outside of Lambda there is no streaming, and the error says so", () => {
  Reflect.deleteProperty(globalThis, "awslambda");
  const app = createApp(() => undefined);
  assert.throws(() => toStreamingHandler(app), { code: "LAMBDA_STREAMING_MISSING" });
});

test("status, fields and both cookies go in the prelude, in the shape of the front", async () => {
  const answer = () => {
    const response = new Response("hi", { status: 201, headers: { "content-type": "text/plain" } });
    response.headers.append("set-cookie", "a=1");
    response.headers.append("set-cookie", "b=2");
    return response;
  };
  const url = await run(answer, httpEvent());
  assert.equal(url.type, "application/vnd.awslambda.http-integration-response");
  const head = '{"statusCode":201,"headers":{"content-type":"text/plain"}';
  assert.equal(url.text, `${head},"cookies":["a=1","b=2"]}${NULS}hi`);
  const rest = await run(answer, restEvent());
  assert.equal(rest.text, `${head},"multiValueHeaders":{"set-cookie":["a=1","b=2"]}}${NULS}hi`);
});

test("an answer without a body still sends its status", async () => {
  const empty = (status: number) => run(() => new Response(null, { status }), httpEvent());
  assert.equal((await empty(204)).text, `{"statusCode":204,"headers":{}}${NULS}`);
  assert.equal((await empty(304)).text, `{"statusCode":304,"headers":{}}${NULS}`);
  assert.equal((await empty(404)).text, `{"statusCode":404,"headers":{"content-length":"0"}}${NULS}`);
  const head = await run(
    () => new Response("hi", { headers: { "content-length": "2" } }),
    httpEvent({ method: "HEAD" }),
  );
  assert.match(head.text, /"content-length":"2"[^\0]*\0{8}$/);
});

test("the prelude is out before the first byte of the body", async () => {
  const stream = new Stream();
  let seen = "";
  const body = new ReadableStream({
    async pull(controller) {
      await wait(5);
      seen = stream.text;
      controller.close();
    },
  });
  await run(() => new Response(body, { headers: { "content-type": "a/b" } }), httpEvent(), stream);
  assert.equal(seen, `{"statusCode":200,"headers":{"content-type":"a/b"}}${NULS}`);
});

test("an error before the answer is a 500 in the prelude", async () => {
  const stream = await run(() => {
    throw new RangeError("secret");
  }, httpEvent());
  assert.match(stream.text, /^\{"statusCode":500,.*\0{8}\{"type":"about:blank".*\}$/);
  assert.doesNotMatch(stream.text, /secret/);
});

test("what goes wrong before the first byte is a real status: a 500 with the app's fields, a body that was read, a deadline", async (context) => {
  context.mock.method(console, "error", () => {});
  const route = { pattern: "/[[...all]]", module: { GET: () => Promise.reject(new Error("secret")) }, middleware: [] };
  const error = () => {
    const response = new Response("own", { status: 500, headers: { "content-type": "text/plain" } });
    response.headers.append("set-cookie", "a=1");
    response.headers.append("set-cookie", "b=2");
    return response;
  };
  Object.assign(globalThis, { awslambda });
  const own = toStreamingHandler(createApp(onePattern([{ name: "all", rest: "any" }], route), { error }));
  const stream = new Stream();
  await own(httpEvent(), stream, lambdaContext());
  const head = '{"statusCode":500,"headers":{"content-type":"text/plain"},"cookies":["a=1","b=2"]}';
  assert.deepEqual([stream.text, stream.ended], [`${head}${NULS}own`, true]);

  const read = await run(async () => {
    const response = new Response("hi", { headers: { "content-type": "text/plain" } });
    await response.text();
    return response;
  }, httpEvent());
  assert.match(read.text, /^\{"statusCode":500,.*\0{8}\{"type":"about:blank".*\}$/);

  const late = new Stream();
  await handlerOf(() => new Promise(() => {}))(httpEvent(), late, lambdaContext(260));
  assert.match(late.text, /^\{"statusCode":504,.*\0{8}.*"LAMBDA_TIME_UP"/);
  assert.equal(late.ended, true);
});

test("a chunk that is no bytes breaks the answer off and cancels the body", async (context) => {
  context.mock.method(console, "error", () => {});
  let cancelled = false;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue("text"),
    cancel() {
      cancelled = true;
    },
  });
  const stream = new Stream();
  const answer = () => new Response(body, { headers: { "content-type": "text/plain" } });
  await assert.rejects(handlerOf(answer)(httpEvent(), stream, lambdaContext()), TypeError);
  assert.deepEqual([stream.ended, cancelled], [false, true]);
});

test("an error in mid-stream rejects after waitUntil work and leaves the end to the runtime", async (context) => {
  context.mock.method(console, "error", () => {});
  let worked = false;
  const stream = new Stream();
  const handler = handlerOf((_request, own) => {
    own.waitUntil(
      wait(5).then(() => {
        worked = true;
      }),
    );
    let count = 0;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (count++ === 0) controller.enqueue(new Uint8Array([104, 105]));
          else controller.error(new RangeError("broken"));
        },
      }),
    );
  });
  await assert.rejects(handler(httpEvent(), stream, lambdaContext()), { name: "RangeError", message: "broken" });
  assert.match(stream.text, /\0{8}hi$/);
  assert.deepEqual([stream.ended, worked], [false, true]);
});

test("the body is read at the speed of the stream, and a stream that closes cancels it", async () => {
  const stream = new Stream();
  stream.full = true;
  let pulled = 0;
  let cancelled = false;
  const body = new ReadableStream(
    {
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(1));
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const done = run(() => new Response(body), httpEvent(), stream);
  await wait(10);
  assert.equal(pulled, 1);
  stream.emit("drain");
  await wait(10);
  assert.equal(pulled, 2);
  stream.emit("error");
  await done;
  assert.equal(cancelled, true);
});

test("waitUntil work runs after the last byte, before the handler returns", async () => {
  const order: string[] = [];
  const stream = new Stream();
  stream.once("close", () => order.push("end"));
  await run(
    (_request, context) => {
      context.waitUntil(wait(10).then(() => order.push("work")));
      return new Response("hi");
    },
    httpEvent(),
    stream,
  );
  assert.deepEqual(order, ["end", "work"]);
});

test("fields that API Gateway would not find the end of are a coded 502", async (context) => {
  context.mock.method(console, "error", () => {});
  const answer = () => new Response("hi", { headers: { "x-a": "a".repeat(17_000) } });
  assert.match((await run(answer, restEvent())).text, /^\{"statusCode":502,.*LAMBDA_HEADERS_TOO_LARGE/);
  const sized = (size: number) => () =>
    new Response("hi", { headers: { "content-type": "a/b", "x-a": "a".repeat(size) } });
  const around = (await run(sized(0), restEvent())).text.length - "hi".length;
  const full = (await run(sized(16_384 - around), restEvent())).text;
  assert.deepEqual([full.length, full.slice(0, 17)], [16_384 + "hi".length, '{"statusCode":200']);
  assert.match((await run(sized(16_385 - around), restEvent())).text, /^\{"statusCode":502/);
  assert.match((await run(answer, httpEvent())).text, /^\{"statusCode":200/);
});

test("a front that cannot take a stream, a warm-up and a foreign event get their answer in one piece", async (context) => {
  context.mock.method(console, "error", () => {});
  const answer = () => new Response("hi", { headers: { "content-type": "text/plain" } });
  const balancer = await run(answer, albEvent());
  assert.equal(balancer.type, "application/json");
  assert.deepEqual(JSON.parse(balancer.text), {
    statusCode: 200,
    statusDescription: "200 OK",
    headers: { "content-type": "text/plain", "content-length": "2" },
    body: "hi",
    isBase64Encoded: false,
  });
  assert.equal((await run(answer, { godwit: "warmup" })).text, '{"godwit":"warm"}');
  await assert.rejects(handlerOf(answer)({ Records: [] }, new Stream(), lambdaContext()), {
    code: "LAMBDA_EVENT_UNKNOWN",
  });
});
