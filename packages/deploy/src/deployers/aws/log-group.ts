/**
 * One log group for all functions of the stage: a stream's name has the function's, and one call reads them all.
 * @module
 */
import type { AnyKind, Change } from "../../contracts.ts";
import { defineKind } from "../../engine/kind.ts";
import { ignore } from "./functions.ts";
import type { Stage } from "./stage.ts";

export function logGroupKind(stage: Stage): AnyKind {
  const { call, names } = stage;
  const logGroupName = names.logGroup;
  const retain = async (retentionInDays: number): Promise<number> => {
    await call("logs", "PutRetentionPolicy", (logs, options) =>
      logs.putRetentionPolicy({ logGroupName, retentionInDays }, options),
    );
    return retentionInDays;
  };
  // Its name says whose it is: nobody else writes below /godwit.
  return defineKind<number, number>({
    name: "log group",
    phase: "prepare",
    async list() {
      const { logGroups = [] } = await call("logs", "DescribeLogGroups", (logs, options) =>
        logs.describeLogGroups({ logGroupNamePrefix: logGroupName }, options),
      );
      const found = logGroups.find((one) => one.logGroupName === logGroupName);
      return new Map(found ? [[logGroupName, found.retentionInDays ?? 0]] : []);
    },
    diff: (value, live): Change[] =>
      value === live ? [] : [{ path: "retention", from: live ? inDays(live) : "for ever", to: inDays(value) }],
    async create({ value }) {
      const input = { logGroupName, tags: names.tags };
      await call("logs", "CreateLogGroup", (logs, options) => logs.createLogGroup(input, options), {
        expect: ["ResourceAlreadyExistsException"],
      }).catch(ignore("ResourceAlreadyExistsException"));
      return retain(value);
    },
    update: ({ value }) => retain(value),
    async remove() {
      const expect = ["ResourceNotFoundException"];
      await call("logs", "DeleteLogGroup", (logs, options) => logs.deleteLogGroup({ logGroupName }, options), {
        expect,
      }).catch(ignore(...expect));
    },
  });
}

const inDays = (days: number): string => (days === 1 ? "1 day" : `${days} days`);
