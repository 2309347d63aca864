/**
 * DynamoDB on this machine: dynalite speaks its protocol, over a database in memory.
 * @module
 */
import assert from "node:assert/strict";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";

type Dynalite = (options: { createTableMs: number; deleteTableMs: number }) => Server;
const dynalite = createRequire(import.meta.url)("dynalite") as Dynalite; // it has no types

export interface Dynamo {
  /** A new table, and what Lambda would tell a function of it. */
  makeTable(): Promise<Record<string, string>>;
  close(): void;
}

export const toBindings = (url: string, table: string): Record<string, string> => ({
  TABLE_MAIN: table,
  AWS_ENDPOINT_URL_DYNAMODB: url,
  AWS_REGION: "eu-west-1",
  AWS_ACCESS_KEY_ID: "AKIATEST000000000000",
  AWS_SECRET_ACCESS_KEY: "secret",
});

export async function startDynamo(): Promise<Dynamo> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
  let made = 0;
  return {
    async makeTable() {
      const table = `table-${++made}`;
      const answer = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/x-amz-json-1.0",
          "x-amz-target": "DynamoDB_20120810.CreateTable",
          "x-amz-date": "20261121T000000Z",
          authorization:
            "AWS4-HMAC-SHA256 Credential=a/20261121/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        },
        body: JSON.stringify({
          TableName: table,
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: ["p", "k"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
          KeySchema: [
            { AttributeName: "p", KeyType: "HASH" },
            { AttributeName: "k", KeyType: "RANGE" },
          ],
        }),
      });
      assert.equal(answer.status, 200, await answer.text());
      // Until it is active.
      await new Promise((resolve) => setTimeout(resolve, 10));
      return toBindings(url, table);
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
