/**
 * Godwit's own schedules. Only in functions with a route that has one.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { App, ExecutionContext } from "@godwit/core/types";

/** Runs the GET of a pattern, within the time of the signal. */
export type RunSchedule = (
  app: App,
  pattern: string,
  execution: ExecutionContext,
  signal: AbortSignal,
) => Promise<unknown>;

/**
 * Runs the route's GET with the trigger `schedule`, and rejects with LAMBDA_SCHEDULE_FAILED from status 400 on, so that
 * the scheduler sees it.
 *
 * @example export const handler = toHandler(app, { schedule: runSchedule });
 */
export const runSchedule: RunSchedule = async (app, pattern, execution, signal) => {
  const path = pattern.split("/").map(encodeURIComponent).join("/");
  const { status, body } = await app.fetch(new Request(`https://localhost${path}`, { signal }), {
    ...execution,
    trigger: "schedule",
  });
  for await (const _ of body ?? []);
  if (status < 400) return { statusCode: status };
  throw new GodwitError("LAMBDA_SCHEDULE_FAILED", `The scheduled GET ${pattern} answered ${status}.`);
};
