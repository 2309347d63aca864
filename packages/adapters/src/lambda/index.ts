/**
 * The runtime half of AWS Lambda. Two handlers, {@link toHandler} for answers in one piece and {@link toStreamingHandler}
 * for response streaming, over one translator: `events.ts` and `request.ts` on the way in, `results.ts` on the way out.
 * @module
 */
import { GodwitError, HttpError, problem } from "@godwit/core/errors";
import type { App, ExecutionContext } from "@godwit/core/types";
import type { Background } from "./background.ts";
import { type Format, formatOf, type LambdaEvent } from "./events.ts";
import type { AnswerFile } from "./files.ts";
import { type Invocation, type LambdaContext, openInvocation } from "./invocation.ts";
import { type JobEvent, runJob } from "./jobs.ts";
import { type RequestOptions, toRequest } from "./request.ts";
import { toResult } from "./results.ts";
import type { RunSchedule } from "./schedule.ts";
import { type AwsLambda, type ResponseStream, sendStream } from "./stream.ts";

export { type Background, createBackground } from "./background.ts";
export { type AnswerFile, openFiles } from "./files.ts";
export type { LambdaContext } from "./invocation.ts";
export { type RunSchedule, runSchedule } from "./schedule.ts";
export type { ResponseStream } from "./stream.ts";

export interface LambdaOptions extends RequestOptions {
  /** Runs `waitUntil` work after a buffered answer. Default: such work is done before the answer. */
  background?: Background;
  /** Files that win over the app's routes. Default: none. */
  files?: AnswerFile;
  /** Runs Godwit's schedules. Default: such an event is one that nobody here answers. */
  schedule?: RunSchedule;
}

export type LambdaHandler = (event: unknown, context: LambdaContext) => Promise<unknown>;
export type LambdaStreamingHandler = (event: unknown, stream: ResponseStream, context: LambdaContext) => Promise<void>;

/**
 * Handles the events of API Gateway (REST, and HTTP API with payload 1.0 and 2.0), function URLs, load balancers in
 * both header modes and VPC Lattice (event version V2), with the answer in one piece. Which one sent an event is read
 * from the event. `context.platform.raw` is `{ event, context }`; the request's id is Lambda's.
 *
 * Other events: warm-ups and, with `schedule`, Godwit's own (see `jobs.ts`); the rest rejects with LAMBDA_EVENT_UNKNOWN.
 *
 * @example
 * export const handler = toHandler(app);
 */
export function toHandler(app: App, options: LambdaOptions = {}): LambdaHandler {
  return async (event, context) => {
    const call = openCall(app, options, event, context);
    try {
      return await call.toValue();
    } finally {
      const done = call.invocation.settle();
      if (!options.background?.hold(context.awsRequestId, done)) await done;
    }
  };
}

/**
 * The same with response streaming, behind function URLs (RESPONSE_STREAM) and REST APIs (STREAM). `waitUntil` work
 * runs after the last byte. Other fronts cannot take a stream and get the answer in one piece.
 *
 * Throws LAMBDA_STREAMING_MISSING outside of Lambda's Node runtime.
 *
 * @example
 * export const handler = toStreamingHandler(app);
 */
export function toStreamingHandler(app: App, options: LambdaOptions = {}): LambdaStreamingHandler {
  const { awslambda: aws }: { awslambda?: AwsLambda } = globalThis as object; // with the runtime's own global
  if (!aws?.streamifyResponse) {
    throw new GodwitError("LAMBDA_STREAMING_MISSING", "Streaming needs Lambda's global `awslambda`.");
  }
  return aws.streamifyResponse(async (event: unknown, stream: ResponseStream, context: LambdaContext) => {
    const call = openCall(app, options, event, context);
    try {
      const { format } = call;
      if (format === "v1" || format === "v2") {
        const { response, head } = await call.answer(format);
        await sendStream(aws, stream, response, format, head);
      } else {
        const value = await call.toValue();
        stream.setContentType("application/json");
        stream.write(JSON.stringify(value));
        stream.end();
      }
    } catch (error) {
      console.error("The answer failed:", error);
      throw error;
    } finally {
      await call.invocation.settle();
    }
  });
}

interface Call {
  format: Format | undefined;
  invocation: Invocation;
  /** Never rejects. */
  answer(format: Format): Promise<{ response: Response; head: boolean }>;
  /** The answer in one piece, to any event. Rejects for a job alone. */
  toValue(): Promise<unknown>;
}

function openCall(app: App, options: LambdaOptions, raw: unknown, context: LambdaContext): Call {
  const event = Object(raw) as LambdaEvent & JobEvent; // every member is optional, and looked at before it is used
  const format = formatOf(event);
  const invocation = openInvocation(context);
  const { signal, waitUntil } = invocation;
  const execution: ExecutionContext = {
    env: process.env,
    requestId: context.awsRequestId,
    waitUntil,
    platform: { name: "lambda", raw: { event: raw, context } },
  };
  const answer = async (format: Format) => {
    let request: Request | undefined;
    let response: Response;
    try {
      ({ request, ip: execution.ip } = toRequest(event, format, options, signal));
      response = await (options.files?.(request) ?? app.fetch(request, execution));
    } catch (error) {
      response =
        request || error instanceof HttpError ? refuse(error) : problem(400, { code: "LAMBDA_REQUEST_MALFORMED" });
    }
    return { response, head: request?.method === "HEAD" };
  };

  return {
    format,
    invocation,
    answer,
    async toValue() {
      const { schedule } = options;
      if (!format) return runJob(event, schedule && ((pattern) => schedule(app, pattern, execution, signal)));
      const { response, head } = await answer(format);
      try {
        return await toResult(response, format, head);
      } catch (error) {
        return toResult(refuse(error), format);
      }
    },
  };
}

function refuse(error: unknown): Response {
  if (error instanceof HttpError) return problem(error.status, error.options);
  console.error("The answer failed:", error);
  return problem(500);
}
