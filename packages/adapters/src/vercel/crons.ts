/**
 * Schedules as Vercel's crons. https://vercel.com/docs/cron-jobs says what expressions they take.
 * @module
 */
import type { FunctionPlan } from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";
import type { ManifestTrigger } from "@godwit/core/manifest";
import type { VercelConfig } from "./config.ts";

/** The schedules of all routes, by path. Throws `VERCEL_SCHEDULE_UNSUPPORTED` for what Vercel would not run. */
export function readSchedules(plans: readonly FunctionPlan[], plan: VercelConfig["plan"]): ManifestTrigger[] {
  const triggers: ManifestTrigger[] = [];
  for (const { id, routes } of plans) {
    for (const { config, pattern, segments, file } of routes) {
      const { schedule } = config;
      if (schedule === undefined) continue;
      const why = segments.some(({ kind }) => kind !== "static")
        ? "a cron calls one path, so the route may have no parameters"
        : refuse(schedule, plan);
      if (why) {
        throw new GodwitError(
          "VERCEL_SCHEDULE_UNSUPPORTED",
          `${file}: Vercel cannot run the schedule "${schedule}": ${why}.`,
        );
      }
      triggers.push({ kind: "schedule", schedule, pattern, function: id });
    }
  }
  return triggers.sort((a, b) => (a.pattern < b.pattern ? -1 : 1));
}

function refuse(schedule: string, plan: VercelConfig["plan"]): string | undefined {
  const fields = schedule.split(" ");
  const [minute = "", hour = "", dayOfMonth, , dayOfWeek] = fields;
  if (fields.length !== 5) return "it must have five fields";
  if (!fields.every((field) => /^[\d*,/-]+$/.test(field))) return "fields take digits and * , - / alone, no names";
  if (dayOfMonth !== "*" && dayOfWeek !== "*") return "a day of the month and a day of the week exclude each other";
  const daily = /^\d+$/.test(minute) && /^\d+$/.test(hour);
  return plan === "hobby" && !daily ? "the hobby plan runs a cron at most once a day" : undefined;
}
