/**
 * Events that are no HTTP request: warm-ups, Godwit's own schedules, and those that nobody here answers.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";

export interface JobEvent {
  godwit?: unknown;
  pattern?: unknown;
  warmup?: unknown;
  /** Services name themselves: `aws:sqs`, `aws:sns`, `PreSignUp_SignUp`, `aws.s3`. */
  eventSource?: unknown;
  EventSource?: unknown;
  triggerSource?: unknown;
  source?: unknown;
  /** `MESSAGE` of a WebSocket. */
  requestContext?: { eventType?: unknown };
  Records?: JobEvent[];
}

/**
 * Warm-ups answer at once; `{ "godwit": "schedule", "pattern": "/x" }` goes to `schedule`, where it is given. Everything
 * else throws LAMBDA_EVENT_UNKNOWN. No front can send such an event: all of theirs have a `requestContext`.
 */
export function runJob(event: JobEvent, schedule: ((pattern: string) => unknown) | undefined): unknown {
  const { godwit, pattern, requestContext } = event;
  if (!requestContext) {
    if (godwit === "warmup" || event.warmup === true || event.source === "serverless-plugin-warmup") {
      return { godwit: "warm" };
    }
    if (schedule && godwit === "schedule" && typeof pattern === "string") return schedule(pattern);
  }
  const named = event.Records?.[0] ?? event;
  const source =
    named.eventSource ||
    named.EventSource ||
    named.triggerSource ||
    named.source ||
    requestContext?.eventType ||
    `an unknown source (${Object.keys(named).slice(0, 5)})`;
  throw new GodwitError("LAMBDA_EVENT_UNKNOWN", `An event of ${source} is neither HTTP nor a schedule of Godwit.`);
}
