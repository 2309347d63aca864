import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { createApp } from "@godwit/core/app";
import { onePattern } from "@godwit/core/router";
import type { Context, Handler } from "@godwit/core/types";
import { httpEvent, lambdaContext, restEvent } from "./events.fixture.ts";
import { toHandler } from "./index.ts";

const appOf = (handler: Handler) => {
  const route = { pattern: "/[[...all]]", module: { GET: handler }, middleware: [] };
  return createApp(onePattern([{ name: "all", rest: "any" }], route));
};

test("the context carries the event, Lambda's context, its request id and the environment", async () => {
  let seen: Context | undefined;
  const app = appOf((_request, context) => {
    seen = context;
    return new Response(null);
  });
  const event = restEvent();
  const context = lambdaContext();
  await toHandler(app)(event, context);
  assert.equal(seen?.platform.name, "lambda");
  assert.deepEqual(seen?.platform.raw, { event, context });
  assert.equal(seen?.requestId, context.awsRequestId);
  assert.equal(seen?.env, process.env);
  assert.equal(seen?.trigger, "http");
});

test("without an extension, waitUntil work and the work it brings are done before the answer", async () => {
  const done: string[] = [];
  const app = appOf((_request, context) => {
    context.waitUntil(
      wait(5).then(() => {
        done.push("first");
        context.waitUntil(wait(5).then(() => done.push("second")));
      }),
    );
    return new Response(null);
  });
  await toHandler(app)(httpEvent(), lambdaContext());
  assert.deepEqual(done, ["first", "second"]);
});

test("waitUntil work that fails is logged and spoils nothing", async (context) => {
  const logged = context.mock.method(console, "error", () => {});
  const failing = appOf((_request, own) => {
    own.waitUntil(Promise.reject(new Error("no mail")));
    return new Response(null);
  });
  assert.equal(((await toHandler(failing)(httpEvent(), lambdaContext())) as { statusCode: number }).statusCode, 200); // of v2
  assert.equal(logged.mock.callCount(), 1);
  assert.match(String(logged.mock.calls[0]?.arguments[0]), /waitUntil failed.*no mail/);
});

test("the request's signal aborts before Lambda's deadline, and work that hangs no longer holds the answer", async (context) => {
  const logged = context.mock.method(console, "error", () => {});
  let reason: unknown;
  const app = appOf((request, own) => {
    request.signal.addEventListener("abort", () => {
      reason = request.signal.reason;
    });
    own.waitUntil(new Promise(() => {}));
    return new Response(null);
  });
  const result = await toHandler(app)(httpEvent(), lambdaContext(260));
  assert.equal((result as { statusCode: number }).statusCode, 200); // of v2
  assert.equal((reason as DOMException).name, "TimeoutError"); // aborted above
  assert.match(String(logged.mock.calls[0]?.arguments[0]), /waitUntil was cut short/);
});

test("a background that holds gets the work, one that does not leaves it before the answer", async () => {
  const held: string[] = [];
  let finish = () => {};
  const app = appOf((_request, context) => {
    context.waitUntil(
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
    );
    return new Response(null);
  });
  const hold = (requestId: string, done: Promise<void>) => {
    held.push(requestId);
    done.then(() => held.push("done"));
    return true;
  };
  await toHandler(app, { background: { hold } })(httpEvent(), lambdaContext());
  assert.deepEqual(held, [lambdaContext().awsRequestId]);
  finish();
  await wait(1);
  assert.deepEqual(held, [lambdaContext().awsRequestId, "done"]);

  let answered = false;
  const refused = toHandler(app, { background: { hold: () => false } })(httpEvent(), lambdaContext());
  const answer = refused.then(() => {
    answered = true;
  });
  await wait(5);
  assert.equal(answered, false);
  finish();
  await answer;
});

test("a handler that does not heed the signal is answered 504 while there is time, and so is a body that never ends", async (context) => {
  const logged = context.mock.method(console, "error", () => {});
  const hang = appOf((_request, own) => {
    own.waitUntil(new Promise(() => {}));
    return new Promise<Response>(() => {});
  });
  const endless = appOf(() => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })));
  for (const app of [hang, endless]) {
    const result = (await toHandler(app)(httpEvent(), lambdaContext(260))) as { statusCode: number; body: string }; // of v2
    assert.equal(result.statusCode, 504);
    assert.equal(JSON.parse(result.body).code, "LAMBDA_TIME_UP");
  }
  const lines = logged.mock.calls.map((call) => String(call.arguments[0]));
  assert.deepEqual(lines, ["The answer failed:", "waitUntil was cut short: time is up.", "The answer failed:"]);
});

test("an app that answers when the signal aborts is heard", async () => {
  const app = appOf(
    (request) =>
      new Promise((resolve) => {
        request.signal.addEventListener("abort", () => resolve(new Response(null, { status: 503 })));
      }),
  );
  const result = await toHandler(app)(httpEvent(), lambdaContext(260));
  assert.equal((result as { statusCode: number }).statusCode, 503); // of v2
});

test("invocations that overlap share nothing but the app", async () => {
  const both = Promise.withResolvers<void>();
  const seen: string[] = [];
  const work: string[] = [];
  const app = appOf(async (request, context) => {
    const { pathname } = new URL(request.url);
    seen.push(pathname);
    if (seen.length === 2) both.resolve();
    await both.promise;
    context.waitUntil(wait(1).then(() => work.push(pathname)));
    return new Response(`${pathname} ${context.requestId} ${context.ip}`, {
      headers: { "content-type": "text/plain" },
    });
  });
  const handler = toHandler(app);
  const call = async (path: string, awsRequestId: string) => {
    const result = await handler(restEvent({ path }), { ...lambdaContext(), awsRequestId });
    return [(result as { body: string }).body, work.includes(path)]; // of v1
  };
  assert.deepEqual(await Promise.all([call("/a", "1"), call("/b", "2")]), [
    ["/a 1 1.2.3.4", true],
    ["/b 2 1.2.3.4", true],
  ]);
});
