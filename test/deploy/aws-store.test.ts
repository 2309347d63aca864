/**
 * AWS's own command and models judge what a store in DynamoDB sends: its signatures, and the shape of its calls.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { tables } from "@godwit/adapters/lambda/emulate";
import { tokenBucket } from "@godwit/core/rate-limit/token-bucket";
import { open } from "@godwit/core/stores/dynamodb";
import { createSigner } from "@godwit/core/stores/dynamodb-client";
import { findProgram } from "../programs.ts";
import { tools } from "./apps.fixture.ts";
import { faultsOf, findModels, readModel } from "./aws-models.fixture.ts";

const aws = findProgram("aws", "awscli");

interface Seen {
  headers: IncomingHttpHeaders;
  body: string;
  answer: string;
}

/** Tells of each call; `to` answers it, else nobody has anything. */
async function listen(t: TestContext, to?: URL): Promise<{ url: URL; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const { host: _, connection: __, ...headers } = req.headers as Record<string, string>; // none comes twice
    const answered = to && (await fetch(to, { method: "POST", headers, body }));
    const answer = (await answered?.text()) ?? "{}";
    seen.push({ headers: req.headers, body, answer });
    res.writeHead(answered?.status ?? 200, { "content-type": "application/x-amz-json-1.0" }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), seen }; // it listens on TCP
}

const keys = { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE000000000", AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG+bPxRfi" };

test("a call is signed as AWS's own command signs the same one, with a session's token and without", async (t) => {
  const { url, seen } = await listen(t);
  for (const token of [undefined, "a session's/token+=="]) {
    const line = ["get-item", "--table-name", "notes", "--key", '{"p":{"S":"v"},"k":{"S":"Füße"}}'];
    const flags = ["--endpoint-url", url.href, "--region", "eu-west-1"];
    const env = {
      ...keys,
      ...(token && { AWS_SESSION_TOKEN: token }),
      AWS_PAGER: "",
      AWS_EC2_METADATA_DISABLED: "true",
    };
    const { AWS_SESSION_TOKEN: _, ...own } = process.env;
    const child = spawn(aws, ["dynamodb", ...line, ...flags], { env: { ...own, ...env }, stdio: "ignore" });
    await new Promise((resolve) => child.once("close", resolve));
    const { headers, body } = seen.at(-1) ?? assert.fail("the command called nobody");
    const at = String(headers["x-amz-date"]).replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = keys;
    const sign = createSigner({ region: "eu-west-1", id, secret, token });
    const signed = await sign(url, String(headers["x-amz-target"]), body, new Date(at));
    assert.equal(signed.authorization, headers.authorization);
    assert.equal(signed["x-amz-security-token"], headers["x-amz-security-token"]);
  }
});

test("calls and their answers have the shapes of AWS's models", async (t) => {
  const server = await tables?.start(tools);
  assert.ok(server);
  t.after(() => server.close());
  await server.createTable({
    TableName: "notes",
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: ["p", "k"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    KeySchema: ["p", "k"].map((AttributeName, at) => ({ AttributeName, KeyType: at === 0 ? "HASH" : "RANGE" })),
  });
  const { url, seen } = await listen(t, server.url);
  const bindings = { ...keys, TABLE_MAIN: "notes", AWS_REGION: "eu-west-1", AWS_ENDPOINT_URL: url.href };
  const store = open({ variable: "TABLE_MAIN" }, { name: "main", bindings });
  await store.set("a", new Uint8Array([0, 255]), { ttl: 60, metadata: { by: "hand" } });
  await store.set("b", "x");
  await store.get("a");
  const { cursor } = await store.list({ limit: 1 });
  await store.list({ prefix: "b" });
  await store.list({ ...(cursor !== undefined && { cursor }) });
  await store.delete("a");
  const rules = [{ algorithm: tokenBucket, limit: 100, window: 1_000 }];
  for (let count = 0; count < 9; count++) await store.counters?.take("key", rules);
  await (await store.counters?.lease("key", 60))?.release();
  const model = readModel(await findModels(aws), "dynamodb");
  const actions = new Set<string>();
  for (const { headers, body, answer } of seen) {
    const action = String(headers["x-amz-target"]).replace("DynamoDB_20120810.", "");
    actions.add(action);
    const { input, output } = model.operations[action] ?? assert.fail(`there is no ${action}`);
    assert.deepEqual([...faultsOf(model, input?.shape ?? "", JSON.parse(body), `${action}.in`)], []);
    assert.deepEqual([...faultsOf(model, output?.shape ?? "", JSON.parse(answer), `${action}.out`)], []);
  }
  // What the functions' role may do, and no more.
  assert.deepEqual([...actions].sort(), ["DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"]);
});
