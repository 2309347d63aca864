/**
 * Tells Vercel's own calls of a scheduled route from public requests. A cron is a plain GET, so the only proof is the
 * secret that Vercel sends along: https://vercel.com/docs/cron-jobs/manage-cron-jobs#securing-cron-jobs
 * @module
 */
import type { Trigger } from "@godwit/core/types";
import { environment, type ReadHeader } from "./execution.ts";

export interface VercelOptions {
  /** Paths of the routes that a cron calls. The build fills it in. */
  schedules?: readonly string[];
}

/** The trigger of a request; a Response where a cron calls and the project has no `CRON_SECRET` to prove it with. */
export function triggerOf(
  method: string,
  path: string,
  header: ReadHeader,
  options: VercelOptions,
): Trigger | Response {
  if (method !== "GET" || !options.schedules?.includes(path)) return "http";
  const secret = environment().CRON_SECRET;
  if (secret && equal(header("authorization") ?? "", `Bearer ${secret}`)) return "schedule";
  if (secret || !header("user-agent")?.startsWith("vercel-cron/")) return "http";
  const detail =
    "Set the project's environment variable CRON_SECRET, so that scheduled calls can be told from public ones.";
  console.error(`SCHEDULE_SECRET_MISSING: ${detail}`);
  const body = { type: "about:blank", title: "Service Unavailable", status: 503, code: "SCHEDULE_SECRET_MISSING" };
  return new Response(JSON.stringify(body), { status: 503, headers: { "content-type": "application/problem+json" } });
}

/** Takes the same time wherever two texts of one length differ. */
function equal(given: string, wanted: string): boolean {
  let difference = given.length ^ wanted.length;
  for (let at = 0; at < wanted.length; at++) difference |= given.charCodeAt(at) ^ wanted.charCodeAt(at);
  return difference === 0;
}
