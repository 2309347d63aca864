/**
 * Schedules are rules of EventBridge. A rule calls a function's alias `live`, which moves with the switch, so that a
 * rollback takes schedules along.
 * @module
 */
import type { ManifestTrigger } from "@godwit/core/manifest";
import type { AnyKind, Change, Spec } from "../../contracts.ts";
import { defineKind } from "../../engine/kind.ts";
import { collect } from "./client.ts";
import { toExpressions } from "./cron.ts";
import { ignore } from "./functions.ts";
import { tagList } from "./names.ts";
import type { ReleaseRecord } from "./records.ts";
import type { Stage } from "./stage.ts";
import { LIVE_ALIAS, permit, setAlias } from "./versions.ts";

interface Schedule {
  expression: string;
  function: string;
  pattern: string;
}

interface LiveSchedule {
  expression: string;
  enabled: boolean;
  /** Of its one target. */
  target: string;
  input: string;
}

const NOT_FOUND = "ResourceNotFoundException";
const TARGET = "function";

export function scheduleSpecs({ names }: Stage, triggers: readonly ManifestTrigger[]): Spec[] {
  return triggers.flatMap(({ schedule, pattern, function: fn }) =>
    toExpressions(schedule).map((expression) => ({
      kind: "schedule",
      name: names.rule(fn, pattern, expression),
      after: [`function/${fn}`],
      value: { expression, function: fn, pattern } satisfies Schedule,
    })),
  );
}

/** Called with the switch: schedules call what has the traffic. */
export async function moveSchedules(stage: Stage, { scheduled = [], versions }: ReleaseRecord): Promise<void> {
  await Promise.all(
    scheduled.map((id) => setAlias(stage, stage.names.function(id), LIVE_ALIAS, { version: versions[id] ?? "" })),
  );
}

export function scheduleKind(stage: Stage): AnyKind {
  const { call, names } = stage;
  const description = (fn: string) => names.mark(fn);
  const wanted = async ({ expression, function: fn, pattern }: Schedule): Promise<LiveSchedule> => {
    const { partition, region, id } = await stage.account();
    const target = `arn:${partition}:lambda:${region}:${id}:function:${names.function(fn)}:${LIVE_ALIAS}`;
    return { expression, enabled: true, target, input: JSON.stringify({ godwit: "schedule", pattern }) };
  };
  const write = async ({ name, value }: Spec<Schedule>, isNew: boolean): Promise<LiveSchedule> => {
    const made = await wanted(value);
    const rule = {
      Name: name,
      ScheduleExpression: made.expression,
      State: "ENABLED" as const,
      Description: description(value.function),
      ...(isNew && { Tags: tagList(names) }),
    };
    const { RuleArn = "" } = await call("events", "PutRule", (events, o) => events.putRule(rule, o));
    const fn = names.function(value.function);
    await permit(stage, fn, LIVE_ALIAS, {
      StatementId: name,
      Action: "lambda:InvokeFunction",
      Principal: "events.amazonaws.com",
      SourceArn: RuleArn,
    });
    const Targets = [{ Id: TARGET, Arn: made.target, Input: made.input }];
    await call("events", "PutTargets", (events, o) => events.putTargets({ Rule: name, Targets }, o));
    return made;
  };
  return defineKind<Schedule, LiveSchedule>({
    name: "schedule",
    phase: "settle",
    async list() {
      const rules = await collect(async (NextToken) => {
        const input = { NamePrefix: names.base.slice(0, 40), ...(NextToken && { NextToken }) };
        const page = await call("events", "ListRules", (events, o) => events.listRules(input, o));
        return { items: page.Rules, token: page.NextToken };
      });
      const own = rules.filter(({ Description }) => names.readMark(Description));
      const found = own.map(async ({ Name = "", ScheduleExpression = "", State }) => {
        const { Targets = [] } = await call("events", "ListTargetsByRule", (events, o) =>
          events.listTargetsByRule({ Rule: Name }, o),
        );
        const [first] = Targets;
        const live = { expression: ScheduleExpression, enabled: State === "ENABLED" };
        return [Name, { ...live, target: first?.Arn ?? "", input: first?.Input ?? "" }] as const;
      });
      return new Map(await Promise.all(found));
    },
    diff({ expression, pattern, function: fn }, live): Change[] {
      const changes: Change[] = [];
      if (live.expression !== expression) changes.push({ path: "expression", from: live.expression, to: expression });
      if (!live.enabled) changes.push({ path: "state", from: "disabled", to: "enabled", drift: true });
      const leads = live.target.endsWith(`:${names.function(fn)}:${LIVE_ALIAS}`);
      if (!leads || live.input !== JSON.stringify({ godwit: "schedule", pattern })) {
        changes.push({ path: "target", ...(live.target && { from: live.target }), to: `${fn} ${pattern}` });
      }
      return changes;
    },
    create: (spec) => write(spec, true),
    update: (spec) => write(spec, false),
    async remove(Name) {
      const expect = [NOT_FOUND];
      const gone = ignore(NOT_FOUND);
      const targets = { Rule: Name, Ids: [TARGET] };
      await call("events", "RemoveTargets", (events, o) => events.removeTargets(targets, o), { expect }).catch(gone);
      await call("events", "DeleteRule", (events, o) => events.deleteRule({ Name }, o), { expect }).catch(gone);
    },
  });
}
