/**
 * Events that are no HTTP request: warm-ups, Godwit's own schedules, and those that nobody here answers.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { App, ExecutionContext } from "@godwit/core/types";

/** A record of a queue or a bucket, as far as it names its source. */
interface EventRecord {
  eventSource?: string;
  EventSource?: string;
}

export interface JobEvent {
  godwit?: unknown;
  pattern?: unknown;
  warmup?: unknown;
  source?: unknown;
  eventSource?: unknown;
  triggerSource?: unknown;
  requestContext?: { eventType?: unknown };
  Records?: EventRecord[];
}

/**
 * Warm-ups answer at once. `{ "godwit": "schedule", "pattern": "/x" }` runs the route's GET with the trigger
 * `schedule`, and rejects with LAMBDA_SCHEDULE_FAILED from status 400 on, so that the scheduler sees it. Everything
 * else rejects with LAMBDA_EVENT_UNKNOWN. No front can send such an event: all of theirs have a `requestContext`.
 */
export async function runJob(
  app: App,
  event: JobEvent,
  execution: ExecutionContext,
  signal: AbortSignal,
): Promise<unknown> {
  const { godwit, pattern, requestContext } = event;
  if (!requestContext) {
    if (godwit === "warmup" || event.warmup === true || event.source === "serverless-plugin-warmup") {
      return { godwit: "warm" };
    }
    if (godwit === "schedule" && typeof pattern === "string") {
      const path = pattern.split("/").map(encodeURIComponent).join("/");
      const { status, body } = await app.fetch(new Request(`https://localhost${path}`, { signal }), {
        ...execution,
        trigger: "schedule",
      });
      for await (const _ of body ?? []);
      if (status < 400) return { statusCode: status };
      throw new GodwitError("LAMBDA_SCHEDULE_FAILED", `The scheduled GET ${pattern} answered ${status}.`);
    }
  }
  throw new GodwitError(
    "LAMBDA_EVENT_UNKNOWN",
    `An event of ${sourceOf(event)} is neither HTTP nor a schedule of Godwit. Send it to a function of its own.`,
  );
}

/** `aws:sqs`, `aws.s3`, `MESSAGE` of a WebSocket; else the names of its members. */
function sourceOf(event: JobEvent): unknown {
  const record = event.Records?.[0];
  return (
    record?.eventSource ??
    record?.EventSource ??
    event.eventSource ??
    event.triggerSource ??
    event.source ??
    event.requestContext?.eventType ??
    `an unknown source (${Object.keys(record ?? event).slice(0, 5)})`
  );
}
