/**
 * What a version answered, from Workers Logs: the analytics of invocations do not tell an answer of 500 from one of 200.
 * developers.cloudflare.com/api/resources/workers/subresources/observability/subresources/telemetry
 * @module
 */
import type { Metrics, Release } from "../../contracts.ts";
import type { Stage } from "./stage.ts";

interface Calculation {
  alias?: string;
  aggregates: { value: number; groups?: { key: string; value: string | number }[] | null }[];
}

/** Undefined while Cloudflare has none yet: they come within a minute or so. */
export async function readMetrics(stage: Stage, release: Release, since: number): Promise<Metrics | undefined> {
  const STATUS = "$workers.event.response.status";
  const OUTCOME = "$workers.outcome";
  const query = async (calculations: object[], groupBys: object[]): Promise<Calculation[]> => {
    const found = await stage.client.call<{ calculations?: Calculation[] | null }>({
      name: "query the telemetry",
      method: "POST",
      path: `/accounts/${stage.account}/workers/observability/telemetry/query`,
      json: {
        queryId: "godwit",
        view: "calculations",
        dry: true,
        limit: 100,
        timeframe: { from: since, to: stage.input.clock.now() },
        parameters: {
          datasets: ["cloudflare-workers"],
          filterCombination: "and",
          filters: [
            { key: "$workers.scriptName", operation: "eq", type: "string", value: stage.script },
            { key: "$workers.scriptVersion.id", operation: "eq", type: "string", value: release.id },
          ],
          calculations,
          groupBys,
        },
      },
      scope: "Workers Observability: Edit",
    });
    return found.calculations ?? [];
  };
  // An invocation may have many lines: its id is counted once.
  const requests = { operator: "uniq", key: "$workers.requestId", keyType: "string", alias: "requests" };
  const p95 = { operator: "p95", key: "$workers.wallTimeMs", keyType: "number", alias: "p95" };
  const [counted, timed] = await Promise.all([
    query(
      [requests],
      [
        { type: "number", value: STATUS },
        { type: "string", value: OUTCOME },
      ],
    ),
    query([p95], []),
  ]);
  const rows = counted[0]?.aggregates ?? [];
  if (rows.length === 0) return undefined;
  let all = 0;
  let errors = 0;
  for (const { value, groups } of rows) {
    const of = (key: string): string => String(groups?.find((group) => group.key === key)?.value ?? "");
    all += value;
    const outcome = of(OUTCOME);
    const failed = Number(of(STATUS)) >= 500 || !["", "ok", "canceled", "responseStreamDisconnected"].includes(outcome);
    if (failed) errors += value;
  }
  const slow = timed[0]?.aggregates[0]?.value;
  return { requests: all, errors, ...(slow !== undefined && { p95: slow }) };
}
