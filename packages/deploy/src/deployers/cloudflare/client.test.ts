import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { findAccount } from "./account.ts";
import { type Client, createClient } from "./client.ts";

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body: unknown;
}

const ok = (result: unknown): Answer => ({ body: { success: true, errors: [], result } });
const no = (status: number, code: number, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  body: { success: false, errors: [{ code, message: "No." }], result: null },
});

interface Api {
  client: Client;
  asked: IncomingMessage[];
  slept: number[];
}

/** Answers in order, the last one again and again. */
async function start(t: TestContext, ...answers: Answer[]): Promise<Api> {
  const asked: IncomingMessage[] = [];
  const server = createServer((req, res) => {
    const { status = 200, headers, body } = answers[Math.min(asked.push(req), answers.length) - 1] ?? ok(null);
    res.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  const slept: number[] = [];
  const clock = {
    now: () => 0,
    async sleep(milliseconds: number) {
      slept.push(milliseconds);
    },
  };
  const env = { CLOUDFLARE_API_TOKEN: "token", CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}/client/v4/` };
  return { client: createClient({ env, clock, signal: new AbortController().signal }), asked, slept };
}

const call = { name: "look", path: "/thing", scope: "Things: Read" };

test("a call has the token, and gives the envelope's result", async (t) => {
  const { client, asked } = await start(t, ok({ id: 1 }));
  assert.deepEqual(await client.call(call), { id: 1 });
  assert.equal(asked[0]?.url, "/client/v4/thing");
  assert.equal(asked[0]?.headers.authorization, "Bearer token");
});

test("too many requests are waited for as long as the answer says", async (t) => {
  const { client, slept } = await start(t, no(429, 971, { "retry-after": "7" }), ok(1));
  assert.equal(await client.call(call), 1);
  assert.ok((slept[0] ?? 0) >= 7000);
});

test("a refusal is not tried again", async (t) => {
  const { client, asked } = await start(t, no(400, 10026));
  await assert.rejects(client.call(call), { name: "CallError", code: "10026", status: 400 });
  assert.equal(asked.length, 1);
});

test("looks at the same thing at the same moment are one call", async (t) => {
  const { client, asked } = await start(t, ok("seen"));
  assert.deepEqual(await Promise.all([client.get(call), client.get(call)]), ["seen", "seen"]);
  assert.equal(asked.length, 1);
  await client.get(call);
  assert.equal(asked.length, 2);
});

test("a call that was made after all, though its answer was lost, is not made twice", async (t) => {
  const { client, asked } = await start(t, no(503, 0), ok("again"));
  assert.equal(await client.call({ ...call, method: "POST", done: async () => "found" }), "found");
  assert.equal(asked.length, 1);
});

test("codes that are an answer give nothing", async (t) => {
  const { client } = await start(t, no(404, 10007));
  assert.equal(await client.call({ ...call, absent: [10007] }), undefined);
  assert.equal(await client.call({ ...call, absent: [] }), undefined);
  await assert.rejects(client.call({ ...call, absent: [10013] }), { code: "10007" });
});

test("what is missing is said: a permission, a valid token, a quota, an account", async (t) => {
  const of = async (...answers: Answer[]) => (await start(t, ...answers)).client.call(call);
  await assert.rejects(of(no(403, 10000), ok({ status: "active" })), (error: Error & { code?: string }) => {
    assert.equal(error.code, "DEPLOY_ACCESS_DENIED");
    assert.match(error.message, /“Things: Read”/);
    return true;
  });
  await assert.rejects(of(no(403, 10000), no(401, 1000)), { code: "DEPLOY_CREDENTIALS_INVALID" });
  await assert.rejects(of(no(401, 10000)), { code: "DEPLOY_CREDENTIALS_INVALID" });
  await assert.rejects(of(no(403, 10037), ok({})), { code: "DEPLOY_QUOTA" });
  await assert.rejects(of(no(400, 10037)), { code: "DEPLOY_QUOTA" });
  await assert.rejects(of(no(400, 10027)), { code: "CLOUDFLARE_SCRIPT_REFUSED" });
  await assert.rejects(of(no(404, 7003)), { code: "DEPLOY_PLACE_UNKNOWN" });
});

test("an answer that is not the API's is tried again, and then an error", async (t) => {
  const { client, asked } = await start(t, { body: "<html>" });
  await assert.rejects(client.call(call), { name: "CallError" });
  assert.equal(asked.length, 6);
});

test("the account is the only one, or has to be named", async (t) => {
  const one = { id: "a".repeat(32), name: "One" };
  const two = { id: "b".repeat(32), name: "Two" };
  assert.equal(await findAccount((await start(t, ok([one]))).client, undefined), one.id);
  await assert.rejects(findAccount((await start(t, ok([one, two]))).client, undefined), (error: Error) => {
    assert.match(error.message, /One.*Two/);
    return true;
  });
  await assert.rejects(findAccount((await start(t, ok([]))).client, undefined), { code: "DEPLOY_CREDENTIALS_MISSING" });
  const { client, asked } = await start(t, ok([]));
  assert.equal(await findAccount(client, two.id), two.id);
  assert.equal(asked.length, 0);
});
