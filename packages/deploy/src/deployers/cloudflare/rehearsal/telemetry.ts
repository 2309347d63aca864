/**
 * The query API of Workers Logs, as far as a canary asks: counted from the requests that were served here.
 * @module
 */
import { type Parts, type Request, readJson } from "./records.ts";

interface Query {
  timeframe: { from: number; to: number };
  parameters: {
    filters?: { key: string; value: unknown }[];
    calculations?: { operator: string; key?: string; alias?: string }[];
    groupBys?: { value: string }[];
  };
}

export function queryTelemetry({ runs, state }: Parts, request: Request): unknown {
  const { timeframe, parameters = {} } = readJson<Query>(request);
  const version = parameters.filters?.find(({ key }) => key === "$workers.scriptVersion.id")?.value;
  const rows = runs.answered.filter(
    (row) => row.version === version && row.at >= (timeframe?.from ?? 0) && row.at <= (timeframe?.to ?? Infinity),
  );
  const groupBys = parameters.groupBys ?? [];
  const calculations = (parameters.calculations ?? []).map(({ operator, alias }) => {
    const groups =
      groupBys.length === 0 ? (rows.length ? [rows] : []) : [...Map.groupBy(rows, ({ status }) => status).values()];
    const aggregates = groups.map((group) => ({
      count: group.length,
      interval: 0,
      sampleInterval: 1,
      value: operator === "p95" ? p95(group.map(({ milliseconds }) => milliseconds)) : group.length,
      ...(groupBys.length && {
        groups: groupBys.map(({ value: key }) => ({
          key,
          value: key.endsWith("status") ? (group[0]?.status ?? 0) : (group[0]?.status ?? 0) === 0 ? "exception" : "ok",
        })),
      }),
    }));
    return { calculation: operator, alias, aggregates, series: [] };
  });
  return { run: runOf(state.data.account, timeframe, parameters), statistics: statisticsOf(rows.length), calculations };
}

/** What was asked, as it is said back. */
function runOf(accountId: string, timeframe: unknown, parameters: object): object {
  const query = { id: "godwit", adhoc: true, created: "", createdBy: "", description: null, name: "", parameters };
  return { id: "rehearsal", accountId, dry: true, granularity: 0, query, status: "COMPLETED", timeframe, userId: "" };
}

function statisticsOf(rows_read: number): object {
  return { rows_read, bytes_read: 0, elapsed: 0 };
}

function p95(all: number[]): number {
  const sorted = all.sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? 0;
}
