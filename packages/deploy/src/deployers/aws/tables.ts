/**
 * DynamoDB's tables: those that the manifest names, one of its own for each stage. They hold what users wrote, so that
 * no deploy removes one unless it is told to.
 * @module
 */
import type { TableDescription } from "@aws-sdk/client-dynamodb";
import { GodwitError } from "@godwit/core/errors";
import type { AnyKind, Change, Spec } from "../../contracts.ts";
import { nameTaken } from "../../engine/errors.ts";
import { defineKind } from "../../engine/kind.ts";
import { collect } from "./client.ts";
import { ignore } from "./functions.ts";
import { isOurs, tagList } from "./names.ts";
import type { Statement } from "./settings.ts";
import type { Account, Stage } from "./stage.ts";

/** What a driver asks for, as the manifest's `spec` says it. Keys are text. */
export interface TableValue {
  /** Of the functions' environment: there they find the table's real name. */
  variable: string;
  partitionKey: string;
  sortKey?: string;
  /** The attribute that says in seconds when an item is over. */
  ttl?: string;
}

interface LiveTable {
  arn: string;
  ttl: string | undefined;
}

const NOT_FOUND = "ResourceNotFoundException";
const IN_USE = "ResourceInUseException";

/** By their real names. A table whose variable has a value in the stage is somebody's own, and left to them. */
export function tablesOf({ input, names }: Stage): Map<string, TableValue> {
  const resources = (input.artefact?.manifest.resources ?? []).filter(({ kind }) => kind === "table");
  const tables = resources.map(({ name, spec }) => [names.table(name), spec as unknown as TableValue] as const); // as the drivers of core write it
  return new Map(tables.filter(([, { variable }]) => !input.vars[variable]));
}

/** The functions' variables. */
export const tableVariables = (stage: Stage): Record<string, string> =>
  Object.fromEntries([...tablesOf(stage)].map(([name, { variable }]) => [variable, name]));

/** What the functions' role may do with them: no scan, nothing of the table itself. */
export function tableStatements(stage: Stage, { partition, region, id }: Account): Statement[] {
  const Resource = [...tablesOf(stage).keys()].map((name) => `arn:${partition}:dynamodb:${region}:${id}:table/${name}`);
  const actions = ["DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"];
  return Resource.length === 0
    ? []
    : [{ Effect: "Allow", Action: actions.map((name) => `dynamodb:${name}`), Resource }];
}

export const tableSpecs = (stage: Stage): Spec<TableValue>[] =>
  [...tablesOf(stage)].map(([name, value]) => ({ kind: "table", name, value }));

export function tableKind(stage: Stage): AnyKind {
  const { call, names, input } = stage;

  const describe = async (TableName: string): Promise<TableDescription | undefined> => {
    const found = await call("dynamodb", "DescribeTable", (db, options) => db.describeTable({ TableName }, options), {
      expect: [NOT_FOUND],
    }).catch(ignore(NOT_FOUND));
    return found?.Table;
  };
  const readTtl = async (TableName: string): Promise<string | undefined> => {
    const { TimeToLiveDescription: found } = await call("dynamodb", "DescribeTimeToLive", (db, options) =>
      db.describeTimeToLive({ TableName }, options),
    );
    return found?.TimeToLiveStatus?.startsWith("ENABL") ? found.AttributeName : undefined;
  };
  const isOwn = async (ResourceArn: string): Promise<boolean> => {
    const tags = await collect(async (NextToken) => {
      const input = { ResourceArn, ...(NextToken && { NextToken }) };
      const page = await call(
        "dynamodb",
        "ListTagsOfResource",
        (db, options) => db.listTagsOfResource(input, options),
        { expect: [NOT_FOUND] },
      ).catch(ignore(NOT_FOUND));
      return { items: page?.Tags, token: page?.NextToken };
    });
    return isOurs(names, tags);
  };
  const find = async (name: string): Promise<LiveTable | undefined> => {
    const table = await describe(name);
    if (!table?.TableArn || table.TableStatus === "DELETING" || !(await isOwn(table.TableArn))) return undefined;
    return { arn: table.TableArn, ttl: await readTtl(name) };
  };
  const settle = (name: string): Promise<string> =>
    stage.wait(`The table ${name}`, async () => {
      const table = await describe(name);
      return table?.TableStatus === "ACTIVE" || table?.TableStatus === "UPDATING" ? table.TableArn : undefined;
    });
  /** The tags of a table that was made a moment ago are not everywhere at once. */
  const prove = async (name: string, arn: string): Promise<void> => {
    for (let left = 5; !(await isOwn(arn)); left--) {
      if (left === 0) {
        throw nameTaken(
          `The table ${name} is there and has not the tags of ${names.app}, stage ${names.stage}.`,
          "Give the app, the stage or the table another name; or, where it is yours to use, give its variable its name as a value of the stage.",
        );
      }
      await input.clock.sleep(1_000, input.signal);
    }
  };
  const setTtl = async (TableName: string, AttributeName: string | undefined): Promise<void> => {
    if (AttributeName === undefined || (await readTtl(TableName)) === AttributeName) return;
    const input = { TableName, TimeToLiveSpecification: { AttributeName, Enabled: true } };
    await call(
      "dynamodb",
      "UpdateTimeToLive",
      (db, options): Promise<unknown> => db.updateTimeToLive(input, options),
      // It refuses what is so already: an answer may have been lost.
      { lookup: async () => ((await readTtl(TableName)) === AttributeName ? true : undefined) },
    );
  };

  return defineKind<TableValue, LiveTable>({
    name: "table",
    phase: "prepare",
    async list() {
      const wanted = tablesOf(stage);
      // A look costs a client that most apps do not need: so where it is used, or where all of the stage goes.
      if (input.artefact && wanted.size === 0) return new Map();
      try {
        const all = await collect(async (ExclusiveStartTableName) => {
          const from = ExclusiveStartTableName && { ExclusiveStartTableName };
          const page = await call("dynamodb", "ListTables", (db, options) => db.listTables({ ...from }, options));
          return { items: page.TableNames, token: page.LastEvaluatedTableName };
        });
        const near = all.filter((name) => name.startsWith(names.table("")) || wanted.has(name));
        const found = await Promise.all(near.map(async (name) => [name, await find(name)] as const));
        return new Map(found.flatMap(([name, live]) => (live ? [[name, live] as const] : [])));
      } catch (error) {
        if (!input.artefact && error instanceof GodwitError && error.code === "AWS_CLIENT_MISSING") return new Map();
        throw error;
      }
    },
    diff: ({ ttl }, live): Change[] =>
      ttl === undefined || ttl === live.ttl ? [] : [{ path: "ttl", ...(live.ttl && { from: live.ttl }), to: ttl }],
    async create({ name, value: { partitionKey, sortKey, ttl } }) {
      await stage.wait(`The end of the table ${name}`, async () =>
        (await describe(name))?.TableStatus === "DELETING" ? undefined : true,
      );
      const keys = [
        { AttributeName: partitionKey, KeyType: "HASH" as const },
        ...(sortKey === undefined ? [] : [{ AttributeName: sortKey, KeyType: "RANGE" as const }]),
      ];
      const table = {
        TableName: name,
        AttributeDefinitions: keys.map(({ AttributeName }) => ({ AttributeName, AttributeType: "S" as const })),
        KeySchema: keys,
        BillingMode: "PAY_PER_REQUEST" as const,
        Tags: tagList(names),
      };
      const made = await call("dynamodb", "CreateTable", (db, options) => db.createTable(table, options), {
        expect: [IN_USE],
      }).catch(ignore(IN_USE));
      const arn = await settle(name);
      // It was there: ours, when an answer was lost after the work; else somebody else's.
      if (!made) await prove(name, arn);
      await setTtl(name, ttl);
      return { arn, ttl };
    },
    async update({ name, value: { ttl } }) {
      const arn = await settle(name);
      await setTtl(name, ttl);
      return { arn, ttl };
    },
    irreversible: (spec) => (spec ? undefined : "what is in it is lost, and releases that use it fail"),
    async remove(TableName) {
      await call("dynamodb", "DeleteTable", (db, options) => db.deleteTable({ TableName }, options), {
        expect: [NOT_FOUND],
        also: ({ code }) => code === IN_USE,
      }).catch(ignore(NOT_FOUND));
      await stage.wait(`The end of the table ${TableName}`, async () =>
        (await describe(TableName)) ? undefined : true,
      );
    },
  });
}
