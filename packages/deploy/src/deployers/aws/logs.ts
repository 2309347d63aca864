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
/** What Lambda says about each invocation beside the function's own lines. */
const NOISE = /^(INIT_START|START RequestId|END RequestId|REPORT RequestId)/;

export function createLogs(stage: Stage): NonNullable<Deployer["logs"]> {
  const { call, names, input } = stage;
  return async function* lines({ follow, since, signal }): AsyncIterable<LogLine> {
    let startTime = since;
    let seen = new Set<string>();
    for (;;) {
      let token: string | undefined;
      do {
        const query = { logGroupName: names.logGroup, startTime, ...(token && { nextToken: token }) };
        const page = await call("logs", "FilterLogEvents", (logs, o) => logs.filterLogEvents(query, o), {
          expect: [NOT_FOUND],
        }).catch(ignore(NOT_FOUND));
        token = page?.nextToken;
        for (const { eventId = "", timestamp = 0, message = "", logStreamName = "" } of page?.events ?? []) {
          if (seen.has(eventId)) continue;
          if (timestamp > startTime) seen = new Set(seen.size > 10_000 ? [] : seen);
          seen.add(eventId);
          if (timestamp > startTime && !token) startTime = timestamp;
          if (!NOISE.test(message))
            yield { at: timestamp, function: functionOf(logStreamName), text: message.trimEnd() };
        }
      } while (token);
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
