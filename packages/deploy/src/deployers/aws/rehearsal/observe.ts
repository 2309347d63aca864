/**
 * CloudWatch: log groups, their lines, and figures of what this machine served.
 * @module
 */
import {
  type Context,
  type LogGroupState,
  list,
  type Need,
  type Operations,
  type Params,
  paginate,
  Refused,
  type Served,
  text,
} from "./cloud.ts";

const groupArn = ({ region, caller }: Context, name: unknown): string =>
  `arn:aws:logs:${region}:${caller.account}:log-group:${text(name)}`;
const on =
  (action: string) =>
  (context: Context, { logGroupName }: Params): Need[] => [
    // As AWS's refusals spell it, with an empty name where all groups are listed.
    { action: `logs:${action}`, resource: `${groupArn(context, logGroupName ?? "")}:log-stream:` },
  ];

/** Its tags are of the group, without the end that its other permissions have. */
const onTags = (context: Context, { logGroupName }: Params): Need[] => [
  { action: "logs:TagResource", resource: groupArn(context, logGroupName) },
];

function needGroup({ cloud }: Context, { logGroupName }: Params): LogGroupState {
  const group = cloud.logGroups[text(logGroupName)];
  if (group) return group;
  throw new Refused("ResourceNotFoundException", "The specified log group does not exist.");
}

export const logOperations: Operations = {
  DescribeLogGroups: {
    needs: on("DescribeLogGroups"),
    run(context, { logGroupNamePrefix, nextToken }) {
      const all = Object.entries(context.cloud.logGroups).filter(([name]) => name.startsWith(text(logGroupNamePrefix)));
      const { items, next } = paginate(all, nextToken, 50);
      const logGroups = items.map(([logGroupName, { at, retention }]) => ({
        logGroupName,
        creationTime: at,
        ...(retention && { retentionInDays: retention }),
        metricFilterCount: 0,
        arn: `${groupArn(context, logGroupName)}:*`,
        storedBytes: 0,
      }));
      return { logGroups, ...(next && { nextToken: next }) };
    },
  },
  CreateLogGroup: {
    needs: (context, params) => [
      ...on("CreateLogGroup")(context, params),
      ...(params.tags ? onTags(context, params) : []),
    ],
    run({ cloud, clock }, { logGroupName, tags }) {
      const name = text(logGroupName);
      if (cloud.logGroups[name]) {
        throw new Refused("ResourceAlreadyExistsException", "The specified log group already exists");
      }
      const given = (tags as Record<string, string> | undefined) ?? {}; // a map of texts, by the API
      cloud.logGroups[name] = { at: clock.now(), tags: given, events: [] };
    },
  },
  PutRetentionPolicy: {
    needs: on("PutRetentionPolicy"),
    run(context, params) {
      needGroup(context, params).retention = Number(params.retentionInDays);
    },
  },
  DeleteLogGroup: {
    needs: on("DeleteLogGroup"),
    run(context, params) {
      needGroup(context, params);
      delete context.cloud.logGroups[text(params.logGroupName)];
    },
  },
  FilterLogEvents: {
    needs: on("FilterLogEvents"),
    run(context, params) {
      const all = needGroup(context, params).events.filter(({ at }) => at >= (Number(params.startTime) || 0));
      const { items, next } = paginate(all, params.nextToken, 1000);
      const events = items.map(({ id, at, stream, text: message }) => ({
        logStreamName: stream,
        timestamp: at,
        message,
        ingestionTime: at,
        eventId: id,
      }));
      return { events, searchedLogStreams: [], ...(next && { nextToken: next }) };
    },
  },
};

interface Query {
  Id: string;
  MetricStat: {
    Metric: { Namespace: string; MetricName: string; Dimensions?: { Name: string; Value: string }[] };
    Stat: string;
  };
}

/** Figures of requests that were really served: nothing is made up. */
function figure(served: readonly Served[], { MetricStat: { Metric, Stat } }: Query): number | undefined {
  const dimensions = Object.fromEntries((Metric.Dimensions ?? []).map(({ Name, Value }) => [Name, Value]));
  const { FunctionName, Resource, ExecutedVersion, ApiId, Stage } = dimensions;
  const own = served.filter(
    (one) =>
      (FunctionName === undefined || one.function === FunctionName) &&
      (Resource === undefined || Resource === `${one.function}:${one.qualifier}`) &&
      (ExecutedVersion === undefined || one.version === ExecutedVersion) &&
      (ApiId === undefined || one.api === ApiId) &&
      (Stage === undefined || one.stage === Stage),
  );
  if (own.length === 0) return undefined;
  if (Metric.MetricName === "Errors") return own.filter(({ failed }) => failed).length;
  if (Metric.MetricName === "5xx") return own.filter(({ status }) => status >= 500).length;
  if (/^(Invocations|Count)$/.test(Metric.MetricName)) return own.length;
  const [, percentile = "95"] = /^p(\d+)/.exec(Stat) ?? [];
  const sorted = own.map(({ took }) => took).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * Number(percentile)) / 100))];
}

export const metricOperations: Operations = {
  GetMetricData: {
    needs: () => [{ action: "cloudwatch:GetMetricData", resource: "*" }],
    run({ served }, { StartTime, EndTime, MetricDataQueries }) {
      const [from, to] = [Number(StartTime) * 1000, Number(EndTime) * 1000];
      const within = served.filter(({ at }) => at >= from && at <= to);
      const MetricDataResults = list<Query>(MetricDataQueries).map((query) => {
        const value = figure(within, query);
        const found = value === undefined ? [] : [value];
        return {
          Id: query.Id,
          Label: query.Id,
          StatusCode: "Complete",
          Timestamps: found.map(() => from / 1000),
          Values: found,
        };
      });
      return { MetricDataResults, Messages: [] };
    },
  },
};
