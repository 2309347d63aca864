/**
 * Items of tables: passed on to a server that speaks DynamoDB's protocol, with what the caller's role allows. They last
 * as long as this process.
 * @module
 */
import type { RehearsalOptions, TableServer } from "../../../contracts.ts";
import type { Answer, Call } from "../../../rehearsal/server.ts";
import type { PolicyDocument } from "../role.ts";
import { ACCOUNT, type CloudData, type Configuration, type Context, parse, Refused, text } from "./cloud.ts";
import { isActive, needTable, tableArn } from "./dynamodb.ts";
import { authorize } from "./policy.ts";
import type { Read } from "./wire.ts";

const ACTIONS = ["DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"];

/** How the keys of a function's environment begin: the role's id follows, or this for a role that is not made here. */
const ROLE_KEY = "ASIA";
const OWN = "OWNROLE";

export interface Items {
  isItemCall(read: Pick<Read, "service" | "action">): boolean;
  /** Of a function, not of who deploys. */
  isRole(cloud: CloudData, read: Pick<Read, "accessKey">): boolean;
  answer(context: Context, read: Read, call: Call): Promise<Answer>;
  close(): Promise<void>;
}

/** As Lambda gives a function its role: keys, and here also where DynamoDB is. Nothing where there are no tables. */
export function roleKeys({ roles, tables }: CloudData, { Role }: Configuration, url: string): Record<string, string> {
  if (Object.keys(tables).length === 0) return {};
  const { id = OWN } = Object.values(roles).find(({ arn }) => arn === Role) ?? {};
  return {
    AWS_ACCESS_KEY_ID: ROLE_KEY + id,
    AWS_SECRET_ACCESS_KEY: "rehearsal",
    AWS_SESSION_TOKEN: "rehearsal",
    AWS_ENDPOINT_URL_DYNAMODB: url,
  };
}

/** What a role with this key may do; all, where it is not made here. Undefined for a key of no role. */
function policyOf({ roles }: CloudData, key: string): { name: string; policy: PolicyDocument } | undefined {
  if (key === ROLE_KEY + OWN) {
    const all = { Effect: "Allow" as const, Action: "*", Resource: "*" };
    return { name: OWN, policy: { Version: "2012-10-17", Statement: [all] } };
  }
  const role = Object.values(roles).find(({ id }) => key === ROLE_KEY + id);
  if (!role) return undefined;
  const documents = Object.values(role.policies).map((one) => JSON.parse(one) as PolicyDocument); // as PutRolePolicy was told
  const Statement = documents.flatMap((one) => one.Statement);
  return { name: role.name, policy: { Version: "2012-10-17", Statement } };
}

export function createItems(open: RehearsalOptions["tables"]): Items {
  let server: Promise<TableServer> | undefined;
  /** Made there, by their ids: a table that was removed and made anew is empty. */
  const made = new Map<string, Promise<void>>();

  return {
    isItemCall: ({ service, action }) => service === "dynamodb" && ACTIONS.includes(action),
    isRole: (cloud, { accessKey }) => policyOf(cloud, accessKey) !== undefined,
    async answer(context, { action, accessKey }, call) {
      const { TableName } = parse(call.body);
      const name = text(TableName);
      const role = policyOf(context.cloud, accessKey);
      const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/${role?.name}/function`;
      const caller = role ? { account: ACCOUNT, arn, policy: role.policy } : context.caller;
      const need = { action: `dynamodb:${action}`, resource: tableArn(context, name) };
      authorize(caller, [need], "AccessDeniedException");
      const table = needTable(context, name);
      if (!isActive(context, table)) throw new Refused("ResourceNotFoundException", "Requested resource not found");
      if (!open) throw new Refused("InternalServerError", "This rehearsal keeps no items.", 500);
      server ??= open();
      server.catch(() => {
        server = undefined;
      });
      const { url, createTable } = await server;
      const { TableId, ...keys } = table.keys;
      const own = text(TableId);
      const ready = made.get(own) ?? createTable({ TableName: own, BillingMode: "PAY_PER_REQUEST", ...keys });
      made.set(own, ready);
      ready.catch(() => made.delete(own));
      await ready;
      const body = JSON.stringify({ ...parse(call.body), TableName: own });
      const { authorization = "", "x-amz-target": target = "", "x-amz-date": date = "" } = call.headers;
      const type = { "content-type": "application/x-amz-json-1.0" };
      const headers = { ...type, authorization, "x-amz-target": String(target), "x-amz-date": String(date) };
      const answer = await fetch(url, { method: "POST", headers, body });
      return { status: answer.status, headers: type, body: new Uint8Array(await answer.arrayBuffer()) };
    },
    async close() {
      await server?.then((one) => one.close()).catch(() => {});
    },
  };
}
