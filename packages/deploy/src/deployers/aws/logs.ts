/**
 * Log lines of all functions, from the stage's one group.
 * @module
 */
import type { Deployer, LogLine } from "../../contracts.ts";
import { ignore } from "./functions.ts";
import type { Stage } from "./stage.ts";

const NOT_FOUND = "ResourceNotFoundException";
/** Milliseconds between two looks. */
const PAUSE = 2000;
/** Milliseconds by which a line may come later than one that was written after it. */
const LATE = 30_000;
/** What Lambda says about each invocation beside the function's own lines. */
const NOISE = /^(INIT_START|START RequestId|END RequestId|REPORT RequestId)/;

export function createLogs(stage: Stage): NonNullable<Deployer["logs"]> {
  const { call, names, input } = stage;
  return async function* lines({ follow, since, signal }): AsyncIterable<LogLine> {
    let newest = since;
    /** Ids of lines that were told, and when they were written. */
    const told = new Map<string, number>();
    for (;;) {
      // Lines come a little out of order, so that each look begins before the last line.
      const startTime = Math.max(since, newest - LATE);
      for (const [id, at] of told) if (at < startTime) told.delete(id);
      let nextToken: string | undefined;
      do {
        const query = { logGroupName: names.logGroup, startTime, ...(nextToken && { nextToken }) };
        const page = await call("logs", "FilterLogEvents", (logs, o) => logs.filterLogEvents(query, o), {
          expect: [NOT_FOUND],
        }).catch(ignore(NOT_FOUND));
        nextToken = page?.nextToken;
        for (const { eventId = "", timestamp: at = 0, message = "", logStreamName = "" } of page?.events ?? []) {
          if (told.has(eventId)) continue;
          told.set(eventId, at);
          newest = Math.max(newest, at);
          if (!NOISE.test(message)) yield { at, function: functionOf(logStreamName), text: message.trimEnd() };
        }
      } while (nextToken);
      if (!follow || signal.aborted) return;
      try {
        await input.clock.sleep(PAUSE, signal);
      } catch {
        return; // it was told to end
      }
    }
  };

  /** `2026/11/21/links-production-hello[3]8f2c...`: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html */
  function functionOf(stream: string): string {
    const [, name = stream] = /([^/[]+)\[[^\]]*\][0-9a-f]*$/.exec(stream) ?? [];
    const start = `${names.app}-${names.stage}-`;
    return name.startsWith(start) ? name.slice(start.length) : name;
  }
}
