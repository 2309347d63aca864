/**
 * A store in a table of Amazon DynamoDB: what Lambda has without a server of one's own.
 * @module
 */
import { fromBase64, toBase64 } from "./base64.ts";
import { type Attribute, createSend, type Item, toExpiry } from "./dynamodb-client.ts";
import { openCounters } from "./dynamodb-counters.ts";
import { call, type RemoteOptions } from "./remote.ts";
import type { OpenStore, Store, StoreDriver } from "./store.ts";
import { checkKey, isOver, limitOf, toKept, toMetadata, toValue } from "./value.ts";

/** A type and no interface: JSON is an index signature. */
export type DynamodbOptions = {
  /** Of the variable that has the table's real name. */
  variable: string;
  deadline?: number;
  attempts?: number;
};

/**
 * Names the driver in `godwit.config.ts`. `name` is the table's own among the app's: lower-case letters, digits and `-`.
 * A deploy to AWS makes the table `<app>-<stage>-<name>`, lets the functions use it and tells them its name in the
 * variable `TABLE_<NAME>`; where the stage gives that variable a value, the table is yours. Keys, region and endpoint
 * are read from AWS's own variables, which Lambda sets. Values and counters are exact; the clock is the instance's.
 *
 * @example stores: { main: { lambda: dynamodb("links") } }
 */
export function dynamodb(name: string, { deadline, attempts }: RemoteOptions = {}): StoreDriver {
  const variable = `TABLE_${name.toUpperCase().replaceAll(/\W/g, "_")}`;
  const options: DynamodbOptions = {
    variable,
    ...(deadline !== undefined && { deadline }),
    ...(attempts !== undefined && { attempts }),
  };
  return {
    module: "@godwit/core/stores/dynamodb",
    options,
    guarantees: { reads: "exact", durable: true, maxValue: MAX_VALUE, minTtl: 0, list: "exact", counters: "exact" },
    runtimes: ["node"],
    resources: [{ kind: "table", name, spec: { variable, partitionKey: "p", sortKey: "k", ttl: "t" } }],
    env: { vars: [variable] },
  };
}

/** An item is at most 400 KB; a key, the metadata, what numbers take and the names of all of them are less than 1,100 of it. */
const MAX_VALUE = 408_500;
/** The partition of all values. */
const VALUES: Attribute = { S: "v" };

/** Throws STORE_DYNAMODB_UNSET where a variable is missing. */
export function open({ variable, ...options }: DynamodbOptions, { name, bindings }: OpenStore): Store {
  const send = createSend(name, variable, bindings);
  const run = (action: string, input: object) => call(name, options, (signal) => send(action, input, signal));
  const toKey = (key: string): Item => ({ p: VALUES, k: { S: checkKey(key) } });
  return {
    counters: openCounters(name, options, send),
    async get(key) {
      const { Item: item } = (await run("GetItem", { Key: toKey(key), ConsistentRead: true })) ?? {};
      return item && !isOver(numberOf(item.e)) ? toValue(fromBase64(item.b?.B ?? ""), item.m?.S) : undefined;
    },
    async set(key, value, options) {
      const { bytes, metadata, expires } = toKept(value, options, MAX_VALUE);
      const item = { ...toKey(key), b: { B: toBase64(bytes) }, ...(metadata && { m: { S: metadata } }) };
      await run("PutItem", { Item: { ...item, ...toExpiry(expires) } });
    },
    async delete(key) {
      await run("DeleteItem", { Key: toKey(key) });
    },
    async list(options = {}) {
      const { prefix = "", cursor } = options;
      const page = await run("Query", {
        KeyConditionExpression: prefix ? "p = :p AND begins_with(k, :k)" : "p = :p",
        ExpressionAttributeValues: { ":p": VALUES, ...(prefix && { ":k": { S: prefix } }) },
        ...(cursor !== undefined && { ExclusiveStartKey: { p: VALUES, k: { S: cursor } } }),
        ProjectionExpression: "k, m, e",
        Limit: limitOf(options),
        ConsistentRead: true,
      });
      const items = (page?.Items ?? []).filter(({ e }) => !isOver(numberOf(e)));
      return {
        keys: items.map(({ k, m }) => ({ key: k?.S ?? "", ...toMetadata(m?.S) })),
        cursor: page?.LastEvaluatedKey?.k?.S,
      };
    },
  };
}

const numberOf = (attribute: Attribute | undefined): number | undefined => attribute && Number(attribute.N);
