/**
 * EventBridge's rules. The clock of this machine starts none of them.
 * @module
 */
import { type Context, list, type Need, type Operations, type Params, paginate, Refused, text } from "./cloud.ts";

const ruleArn = ({ region, caller }: Context, name: unknown): string =>
  `arn:aws:events:${region}:${caller.account}:rule/${text(name)}`;
const onRule =
  (action: string, key: string) =>
  (context: Context, params: Params): Need[] => [
    { action: `events:${action}`, resource: ruleArn(context, params[key]) },
  ];

function needRule({ cloud }: Context, name: unknown) {
  const rule = cloud.rules[text(name)];
  if (rule) return rule;
  throw new Refused("ResourceNotFoundException", `Rule ${text(name)} does not exist on EventBus default.`);
}

export const eventOperations: Operations = {
  ListRules: {
    needs: (context) => [{ action: "events:ListRules", resource: ruleArn(context, "*") }],
    run(context, { NamePrefix, NextToken }) {
      const all = Object.entries(context.cloud.rules).filter(([name]) => name.startsWith(text(NamePrefix)));
      const { items, next } = paginate(all, NextToken, 100);
      const Rules = items.map(([Name, { expression, state, description }]) => ({
        Name,
        Arn: ruleArn(context, Name),
        State: state,
        Description: description,
        ScheduleExpression: expression,
        EventBusName: "default",
      }));
      return { Rules, ...(next && { NextToken: next }) };
    },
  },
  ListTargetsByRule: {
    needs: onRule("ListTargetsByRule", "Rule"),
    run(context, { Rule }) {
      const { targets } = needRule(context, Rule);
      return { Targets: Object.entries(targets).map(([Id, { arn: Arn, input: Input }]) => ({ Id, Arn, Input })) };
    },
  },
  PutRule: {
    needs: (context, params) => [
      ...onRule("PutRule", "Name")(context, params),
      ...(list(params.Tags).length ? onRule("TagResource", "Name")(context, params) : []),
    ],
    run(context, params) {
      const name = text(params.Name);
      if (!/^(cron|rate)\(.+\)$/.test(text(params.ScheduleExpression))) {
        throw new Refused("ValidationException", "Parameter ScheduleExpression is not valid.");
      }
      context.cloud.rules[name] = {
        expression: text(params.ScheduleExpression),
        state: text(params.State) || "ENABLED",
        description: text(params.Description),
        targets: context.cloud.rules[name]?.targets ?? {},
      };
      return { RuleArn: ruleArn(context, name) };
    },
  },
  PutTargets: {
    needs: onRule("PutTargets", "Rule"),
    run(context, { Rule, Targets }) {
      const rule = needRule(context, Rule);
      for (const { Id, Arn, Input } of list<Params>(Targets))
        rule.targets[text(Id)] = { arn: text(Arn), input: text(Input) };
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
  },
  RemoveTargets: {
    needs: onRule("RemoveTargets", "Rule"),
    run(context, { Rule, Ids }) {
      const rule = needRule(context, Rule);
      for (const id of list(Ids)) delete rule.targets[text(id)];
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
  },
  DeleteRule: {
    needs: onRule("DeleteRule", "Name"),
    run(context, { Name }) {
      const rule = context.cloud.rules[text(Name)];
      if (rule && Object.keys(rule.targets).length > 0) {
        throw new Refused("ValidationException", "Rule can't be deleted since it has targets.");
      }
      delete context.cloud.rules[text(Name)];
    },
  },
};
