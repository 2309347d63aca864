/**
 * What a release answered, from CloudWatch. Lambda counts what threw, by version. An answer of 500 that a function made
 * itself is counted by API Gateway alone, for the whole API: what there is of it beyond the time before the canary is
 * taken for the new release's.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 * @module
 */
import type { MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import type { Metrics } from "../../contracts.ts";
import type { Stage } from "./stage.ts";

/** What a release's figures are filed under. */
export interface Measured {
  functions: { name: string; qualifier: string; version: string; other?: string }[];
  /** Of an HTTP API: its id, and since when traffic is shared. */
  api?: { id: string; since: number };
  /** It is the one that is on trial. */
  isNew: boolean;
}

/** Queries of one call. */
const MOST = 500;
/** Milliseconds before a canary that say what is usual. */
const BEFORE = 600_000;
const MINUTE = 60_000;

export async function readMetrics(stage: Stage, measured: Measured, since: number): Promise<Metrics | undefined> {
  const { functions, api, isNew } = measured;
  const now = stage.input.clock.now();
  const queries: MetricDataQuery[] = [];
  for (const [index, { name, qualifier, version, other }] of functions.entries()) {
    const own = { FunctionName: name, Resource: `${name}:${qualifier}`, ExecutedVersion: version };
    // Without weights an alias or a version has figures of its own, with no executed version in them.
    const dimensions = other === undefined ? { FunctionName: name, Resource: `${name}:${qualifier}` } : own;
    queries.push(query(`i${index}`, "AWS/Lambda", "Invocations", dimensions, "Sum"));
    queries.push(query(`e${index}`, "AWS/Lambda", "Errors", dimensions, "Sum"));
    queries.push(query(`d${index}`, "AWS/Lambda", "Duration", dimensions, "p95"));
    if (other !== undefined) {
      queries.push(query(`o${index}`, "AWS/Lambda", "Errors", { ...own, ExecutedVersion: other }, "Sum"));
    }
  }
  const whole = api ? [{ ApiId: api.id, Stage: "$default" }] : [];
  const traffic = whole.flatMap((dimensions) => [
    query("count", "AWS/ApiGateway", "Count", dimensions, "Sum"),
    query("bad", "AWS/ApiGateway", "5xx", dimensions, "Sum"),
  ]);
  const figures = await read(stage, [...queries, ...traffic], since, now + MINUTE);
  const sum = (letter: string) =>
    functions.reduce((total, _, index) => total + add(figures.get(`${letter}${index}`)), 0);
  const requests = sum("i");
  if (requests === 0) return undefined;
  let errors = sum("e");
  if (api) {
    const usual = await read(stage, traffic, api.since - BEFORE, api.since);
    const rate = add(usual.get("bad")) / Math.max(1, add(usual.get("count")));
    const made = Math.max(0, add(figures.get("bad")) - errors - sum("o"));
    const expected = rate * add(figures.get("count"));
    errors += isNew ? Math.max(0, made - expected) : Math.min(made, rate * requests);
  }
  const slowest = functions.flatMap((_, index) => figures.get(`d${index}`) ?? []);
  return {
    requests,
    errors: Math.min(requests, Math.round(errors)),
    ...(slowest.length && { p95: Math.max(...slowest) }),
  };
}

const add = (values: readonly number[] = []): number => values.reduce((total, value) => total + value, 0);

function query(
  Id: string,
  Namespace: string,
  MetricName: string,
  dimensions: Record<string, string>,
  Stat: string,
): MetricDataQuery {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  return { Id, MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Period: 60, Stat } };
}

async function read(
  { call }: Stage,
  queries: readonly MetricDataQuery[],
  from: number,
  to: number,
): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  for (let start = 0; start < queries.length; start += MOST) {
    let NextToken: string | undefined;
    do {
      const input = {
        MetricDataQueries: queries.slice(start, start + MOST),
        StartTime: new Date(from),
        EndTime: new Date(to),
        ...(NextToken && { NextToken }),
      };
      const page = await call("cloudwatch", "GetMetricData", (cloudwatch, o) => cloudwatch.getMetricData(input, o));
      for (const { Id = "", Values = [] } of page.MetricDataResults ?? []) {
        found.set(Id, [...(found.get(Id) ?? []), ...Values]);
      }
      NextToken = page.NextToken;
    } while (NextToken);
  }
  return found;
}
