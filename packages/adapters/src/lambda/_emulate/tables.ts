/**
 * DynamoDB on this machine, for stores in its tables: dynalite, over a database in memory that ends with it.
 * @module
 */
import { createServer, type Server } from "node:http";
import type { TableServer, Tool } from "@godwit/bundler/contracts";
import type { Resource } from "@godwit/core/manifest";
import { startFailed } from "../../_emulate/errors.ts";
import { listenAt } from "../../_emulate/listen.ts";
import { REGION } from "./platform.ts";

export const DYNALITE = "dynalite";
export const WHY_DYNALITE = "DynamoDB on this machine, for stores in its tables";

type Dynalite = (options: { createTableMs: number; deleteTableMs: number }) => Server;

/** What a call must have that nobody checks. */
const SIGNED = {
  "content-type": "application/x-amz-json-1.0",
  "x-amz-date": "20260101T000000Z",
  authorization: `AWS4-HMAC-SHA256 Credential=emulator/20260101/${REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
};

/** Looks at a table that is being made. */
const LOOKS = 500;

/** Throws EMULATOR_START_FAILED. */
export async function startTables(tool: Tool): Promise<TableServer> {
  const { default: dynalite } = (await tool.load()) as { default: Dynalite }; // a function, by its documentation
  const inner = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  // It would answer a page in a browser too: those carry an origin.
  const server = createServer((req, res) => {
    if (req.headers.origin === undefined && /^127\.0\.0\.1(?::|$)/.test(req.headers.host ?? "")) {
      inner.emit("request", req, res);
    } else res.writeHead(403).end();
  });
  const url = await listenAt(server, 0, "127.0.0.1");
  const call = async (action: string, input: object): Promise<{ Table?: { TableStatus?: string } }> => {
    const headers = { ...SIGNED, "x-amz-target": `DynamoDB_20120810.${action}` };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(input) });
    if (!answer.ok) throw startFailed(`The table ${JSON.stringify(input)}`, await answer.text());
    return answer.json();
  };
  return {
    url,
    async createTable(input) {
      await call("CreateTable", input);
      const { TableName } = input;
      for (let left = LOOKS; left > 0; left--) {
        if ((await call("DescribeTable", { TableName })).Table?.TableStatus === "ACTIVE") return;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      throw startFailed(`The table ${TableName}`, "It never became active.");
    },
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Those of the artefact that the functions' variables name no other for. */
export function tablesIn(resources: readonly Resource[], env: Record<string, string>): Resource[] {
  return resources.filter(({ kind, spec }) => kind === "table" && !env[String(spec.variable)]);
}

/** The tables, made; what a deploy would tell the functions of them, and keys such as Lambda gives. */
export async function openTables(
  tool: Tool,
  tables: readonly Resource[],
): Promise<{ keys: Record<string, string>; env: Record<string, string>; close(): Promise<void> }> {
  const { url, createTable, close } = await startTables(tool);
  const keys = { AWS_ACCESS_KEY_ID: "emulator", AWS_SECRET_ACCESS_KEY: "emulator" };
  const env: Record<string, string> = { AWS_ENDPOINT_URL_DYNAMODB: url.href };
  for (const { name, spec } of tables) {
    const parts = [spec.partitionKey, spec.sortKey].flatMap((part) => (typeof part === "string" ? [part] : []));
    const TableName = `emulated-${name}`;
    await createTable({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: parts.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      KeySchema: parts.map((AttributeName, at) => ({ AttributeName, KeyType: at === 0 ? "HASH" : "RANGE" })),
    });
    env[String(spec.variable)] = TableName;
  }
  return { keys, env, close };
}
