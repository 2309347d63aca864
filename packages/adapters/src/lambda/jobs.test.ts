import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp } from "@godwit/core/app";
import { onePattern } from "@godwit/core/router";
import type { Handler } from "@godwit/core/types";
import type { EventBridgeEvent, SNSEvent, SQSEvent } from "aws-lambda";
import { httpEvent, lambdaContext, restEvent } from "./events.fixture.ts";
import { runSchedule, toHandler } from "./index.ts";

const handlerOf = (handler: Handler) =>
  toHandler(
    createApp(onePattern(["daily report"], { pattern: "/daily report", module: { GET: handler }, middleware: [] })),
    { schedule: runSchedule },
  );
const ok = () => new Response("ok");

test("warm-ups answer without reaching the app", async () => {
  const handler = handlerOf(() => assert.fail("reached"));
  for (const event of [{ source: "serverless-plugin-warmup" }, { warmup: true }, { godwit: "warmup" }]) {
    assert.deepEqual(await handler(event, lambdaContext()), { godwit: "warm" });
  }
});

test("a schedule runs the route's GET with its trigger, and reads its body to the end", async () => {
  const seen: unknown[] = [];
  const handler = handlerOf((request, context) => {
    seen.push(request.method, request.url, context.trigger);
    const body = new ReadableStream({
      pull(controller) {
        seen.push("read");
        controller.close();
      },
    });
    return new Response(body, { status: 201 });
  });
  const event = { godwit: "schedule", pattern: "/daily report" };
  assert.deepEqual(await handler(event, lambdaContext()), { statusCode: 201 });
  assert.deepEqual(seen, ["GET", "https://localhost/daily%20report", "schedule", "read"]);
});

test("a schedule that fails rejects, so that the scheduler tries again", async () => {
  const event = { godwit: "schedule", pattern: "/daily report" };
  const failed = { code: "LAMBDA_SCHEDULE_FAILED", message: "The scheduled GET /daily report answered 503." };
  await assert.rejects(handlerOf(() => new Response(null, { status: 503 }))(event, lambdaContext()), failed);
  await assert.rejects(handlerOf(ok)({ godwit: "schedule", pattern: "/other" }, lambdaContext()), {
    code: "LAMBDA_SCHEDULE_FAILED",
  });
});

test("a function without schedules runs none", async () => {
  const handler = toHandler({ fetch: () => assert.fail("reached") });
  await assert.rejects(handler({ godwit: "schedule", pattern: "/daily report" }, lambdaContext()), {
    code: "LAMBDA_EVENT_UNKNOWN",
  });
});

test("no HTTP event obtains another trigger, whatever is in it", async () => {
  const triggers: string[] = [];
  const handler = handlerOf((_request, context) => {
    triggers.push(context.trigger);
    return new Response(null);
  });
  const own = { godwit: "schedule", pattern: "/daily report", warmup: true };
  await handler({ ...httpEvent({ rawPath: "/daily report" }), ...own }, lambdaContext());
  await handler({ ...restEvent({ path: "/daily%20report" }), ...own, body: JSON.stringify(own) }, lambdaContext());
  assert.deepEqual(triggers, ["http", "http"]);
  await assert.rejects(handler({ requestContext: { eventType: "MESSAGE" }, ...own }, lambdaContext()), {
    code: "LAMBDA_EVENT_UNKNOWN",
  });
});

test("every other event rejects with its source's name", async () => {
  const handler = handlerOf(ok);
  const sqs: Pick<SQSEvent["Records"][number], "eventSource"> = { eventSource: "aws:sqs" };
  const sns: Pick<SNSEvent["Records"][number], "EventSource"> = { EventSource: "aws:sns" };
  const bridge: Pick<EventBridgeEvent<"x", unknown>, "source" | "detail"> = { source: "aws.s3", detail: {} };
  const sources: [event: unknown, source: string][] = [
    [{ Records: [sqs] }, "aws:sqs"],
    [{ Records: [sns] }, "aws:sns"],
    [bridge, "aws.s3"],
    [{ eventSource: "aws:kafka" }, "aws:kafka"],
    [{ triggerSource: "PreSignUp_SignUp" }, "PreSignUp_SignUp"],
    [{ requestContext: { eventType: "CONNECT", connectionId: "x" } }, "CONNECT"],
    [{ Records: [{ cf: {} }] }, "an unknown source (cf)"],
    [{ key1: "value1" }, "an unknown source (key1)"],
    [null, "an unknown source ()"],
    ["text", "an unknown source (0,1,2,3)"],
  ];
  for (const [event, source] of sources) {
    await assert.rejects(handler(event, lambdaContext()), {
      code: "LAMBDA_EVENT_UNKNOWN",
      message: `An event of ${source} is neither HTTP nor a schedule of Godwit.`,
    });
  }
});
