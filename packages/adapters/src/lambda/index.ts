/**
 * The runtime half of AWS Lambda. Two handlers, {@link toHandler} for answers in one piece and {@link toStreamingHandler}
 * for response streaming, over one translator: `events.ts` and `request.ts` on the way in, `results.ts` on the way out.
 * @module
 */
import { GodwitError, HttpError } from "@godwit/core/errors";
import type { App, ExecutionContext } from "@godwit/core/types";
import type { Background } from "./background.ts";
import { type Format, formatOf, type LambdaEvent } from "./events.ts";
import type { AnswerFile } from "./files.ts";
import { type LambdaContext, openInvocation } from "./invocation.ts";
import { type JobEvent, runJob } from "./jobs.ts";
import { type RequestOptions, toRequest } from "./request.ts";
import { refuse, toResult } from "./results.ts";
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
      const done = call.settle();
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
        const [response, head] = await call.answer(format, async (...all) => all);
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
      await call.settle();
    }
  });
}

type Finish<T> = (response: Response, head: boolean) => Promise<T>;

interface Call {
  format: Format | undefined;
  /** Gives what `finish` makes of the answer. When either fails or is late, `finish` gets an error's answer. */
  answer<T>(format: Format, finish: Finish<T>): Promise<T>;
  /** The answer in one piece, to any event. Rejects for a job alone. */
  toValue(): Promise<unknown>;
  settle(): Promise<void>;
}

function openCall(app: App, options: LambdaOptions, raw: unknown, context: LambdaContext): Call {
  const event = Object(raw) as LambdaEvent & JobEvent; // every member is optional, and looked at before it is used
  const format = formatOf(event);
  const { signal, waitUntil, inTime, settle } = openInvocation(context);
  const execution: ExecutionContext = {
    env: process.env,
    requestId: context.awsRequestId,
    waitUntil,
    platform: { name: "lambda", raw: { event: raw, context } },
  };
  const answer = async <T>(format: Format, finish: Finish<T>) => {
    let request: Request | undefined;
    let head = false;
    try {
      ({ request, ip: execution.ip } = toRequest(event, format, options, signal));
      head = request.method === "HEAD";
      const answered = options.files?.(request) ?? app.fetch(request, execution);
      const finished = answered.then((response) => {
        // While the status can still be another.
        if (response.body?.locked) throw new TypeError("The body of the answer was read before.");
        return finish(response, head);
      });
      return await inTime(finished);
    } catch (error) {
      const known = request || error instanceof HttpError;
      return finish(refuse(known ? error : new HttpError(400, { code: "LAMBDA_REQUEST_MALFORMED" })), head);
    }
  };

  return {
    format,
    answer,
    settle,
    async toValue() {
      const { schedule } = options;
      if (format) return answer(format, (response, head) => toResult(response, format, head));
      return runJob(event, schedule && ((pattern) => schedule(app, pattern, execution, signal)));
    },
  };
}
