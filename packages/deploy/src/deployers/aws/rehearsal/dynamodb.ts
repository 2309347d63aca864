/**
 * DynamoDB's tables: making and removing them takes some time here as well. Items are in `items.ts`.
 * @module
 */
import { randomUUID } from "node:crypto";
import {
  type Context,
  list,
  type Need,
  type Operations,
  type Params,
  paginate,
  Refused,
  type TableState,
  text,
} from "./cloud.ts";

/** Milliseconds until a table is active, and until it is gone. */
const WORK = 300;

export const tableArn = ({ region, caller }: Pick<Context, "region" | "caller">, name: unknown): string =>
  `arn:aws:dynamodb:${region}:${caller.account}:table/${text(name)}`;
const on =
  (action: string) =>
  (context: Context, { TableName }: Params): Need[] => [
    { action: `dynamodb:${action}`, resource: tableArn(context, TableName) },
  ];

/** One that is gone by now is forgotten. */
function findTable({ cloud, clock }: Context, name: string): TableState | undefined {
  const table = cloud.tables[name];
  if (table?.deletedAt !== undefined && clock.now() >= table.deletedAt + WORK) delete cloud.tables[name];
  return cloud.tables[name];
}

export function needTable(context: Context, name: string): TableState {
  const table = findTable(context, name);
  if (table) return table;
  throw new Refused("ResourceNotFoundException", `Requested resource not found: Table: ${name} not found`);
}

export const isActive = ({ clock }: Context, { readyAt, deletedAt }: TableState): boolean =>
  deletedAt === undefined && clock.now() >= readyAt;

function show(context: Context, name: string, table: TableState): Params {
  const { keys, billing, at, readyAt, deletedAt } = table;
  const status = deletedAt !== undefined ? "DELETING" : context.clock.now() < readyAt ? "CREATING" : "ACTIVE";
  return {
    TableName: name,
    TableArn: tableArn(context, name),
    TableStatus: status,
    ...keys,
    BillingModeSummary: { BillingMode: billing },
    CreationDateTime: at / 1000,
    ItemCount: 0,
    TableSizeBytes: 0,
    ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
  };
}

const nameOf = (arn: unknown): string => text(arn).replace(/^.*:table\//, "");
const onArn =
  (action: string) =>
  (_context: Context, { ResourceArn }: Params): Need[] => [
    { action: `dynamodb:${action}`, resource: text(ResourceArn) },
  ];

export const tableOperations: Operations = {
  ListTables: {
    needs: () => [{ action: "dynamodb:ListTables", resource: "*" }],
    run(context, { ExclusiveStartTableName, Limit }) {
      const names = Object.keys(context.cloud.tables).filter((name) => findTable(context, name));
      const after = names.sort().filter((name) => name > text(ExclusiveStartTableName));
      const { items, next } = paginate(after, undefined, Number(Limit) || 100);
      return { TableNames: items, ...(next && { LastEvaluatedTableName: items.at(-1) }) };
    },
  },
  DescribeTable: {
    needs: on("DescribeTable"),
    run: (context, { TableName }) => ({ Table: show(context, text(TableName), needTable(context, text(TableName))) }),
  },
  CreateTable: {
    needs: (context, params) => [
      ...on("CreateTable")(context, params),
      ...(list(params.Tags).length ? on("TagResource")(context, params) : []),
    ],
    run(context, params) {
      const name = text(params.TableName);
      if (findTable(context, name)) throw new Refused("ResourceInUseException", `Table already exists: ${name}`);
      const { AttributeDefinitions, KeySchema } = params;
      const table: TableState = {
        keys: { AttributeDefinitions, KeySchema, TableId: randomUUID() },
        billing: text(params.BillingMode) || "PROVISIONED",
        tags: Object.fromEntries(list<Params>(params.Tags).map(({ Key, Value }) => [text(Key), text(Value)])),
        at: context.clock.now(),
        readyAt: context.clock.now() + WORK,
      };
      context.cloud.tables[name] = table;
      return { TableDescription: show(context, name, table) };
    },
  },
  DeleteTable: {
    needs: on("DeleteTable"),
    run(context, { TableName }) {
      const name = text(TableName);
      const table = needTable(context, name);
      if (context.clock.now() < table.readyAt) {
        throw new Refused("ResourceInUseException", `Attempt to change a resource which is still in use: ${name}`);
      }
      table.deletedAt ??= context.clock.now();
      return { TableDescription: show(context, name, table) };
    },
  },
  DescribeTimeToLive: {
    needs: on("DescribeTimeToLive"),
    run(context, { TableName }) {
      const { ttl } = needTable(context, text(TableName));
      const TimeToLiveDescription = ttl
        ? { AttributeName: ttl, TimeToLiveStatus: "ENABLED" }
        : { TimeToLiveStatus: "DISABLED" };
      return { TimeToLiveDescription };
    },
  },
  UpdateTimeToLive: {
    needs: on("UpdateTimeToLive"),
    run(context, { TableName, TimeToLiveSpecification }) {
      const table = needTable(context, text(TableName));
      const { AttributeName, Enabled } = Object(TimeToLiveSpecification) as Params; // looked at before it is used
      if (!isActive(context, table)) {
        throw new Refused("ResourceInUseException", `Table is not active: ${text(TableName)}`);
      }
      if (Enabled !== true || table.ttl) {
        const now = table.ttl ? "enabled" : "disabled";
        throw new Refused("ValidationException", `TimeToLive is already ${now}`);
      }
      table.ttl = text(AttributeName);
      return { TimeToLiveSpecification: { AttributeName, Enabled } };
    },
  },
  ListTagsOfResource: {
    needs: onArn("ListTagsOfResource"),
    run(context, { ResourceArn }) {
      const { tags } = needTable(context, nameOf(ResourceArn));
      return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
    },
  },
};
