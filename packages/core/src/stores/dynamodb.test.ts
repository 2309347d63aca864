import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, type TestContext, test } from "node:test";
import { fixedWindow } from "../rate-limit/fixed-window.ts";
import { gcra } from "../rate-limit/gcra.ts";
import { tokenBucket } from "../rate-limit/token-bucket.ts";
import { conformTo } from "./conformance.fixture.ts";
import { countTo } from "./counters-conformance.fixture.ts";
import { type Dynamo, startDynamo, toBindings } from "./dynamodb.fixture.ts";
import { dynamodb, open } from "./dynamodb.ts";
import { takeAtOnce } from "./takers.fixture.ts";

let dynamo: Dynamo;
before(async () => {
  dynamo = await startDynamo();
});
after(() => dynamo.close());

const driver = dynamodb("main");
const options = { variable: "TABLE_MAIN", deadline: 10_000 };
const at = (bindings: Record<string, unknown>, more: object = options) =>
  open({ variable: "TABLE_MAIN", ...more }, { name: "main", bindings });

const subject = { name: "dynamodb", guarantees: driver.guarantees, open: async () => at(await dynamo.makeTable()) };
conformTo(subject);
countTo(subject);

test("the driver names its table, and the variable that a stage may give a table of its own", () => {
  const { resources, env } = dynamodb("user-notes");
  const spec = { variable: "TABLE_USER_NOTES", partitionKey: "p", sortKey: "k", ttl: "t" };
  assert.deepEqual(resources, [{ kind: "table", name: "user-notes", spec }]);
  assert.deepEqual(env, { vars: ["TABLE_USER_NOTES"] });
});

test("the largest value fits with the longest key, the largest metadata and a TTL", async () => {
  const store = at(await dynamo.makeTable());
  const key = "k".repeat(512);
  const bytes = new Uint8Array(driver.guarantees.maxValue).fill(7);
  await store.set(key, bytes, { metadata: "m".repeat(510), ttl: 99_999_999.123456 });
  assert.equal((await store.get(key))?.bytes.length, bytes.length);
});

test("4 processes with 250 takes at once on one table let exactly 100 through", async () => {
  const bindings = await dynamo.makeTable();
  const options = { variable: "TABLE_MAIN", deadline: 10_000 };
  const taker = { driver: "dynamodb", options, bindings, takes: 250 };
  assert.equal(await takeAtOnce([taker, taker, taker, taker]), 100);
});

test("10 instances that take one after the other from one counter let no more and no fewer through", async () => {
  const bindings = await dynamo.makeTable();
  const rules = [{ algorithm: tokenBucket, limit: 300, window: 24 * 3_600_000 }];
  const instances = Array.from({ length: 10 }, () => at(bindings).counters);
  const taken = await Promise.all(
    instances.map(async (counters) => {
      let through = 0;
      for (let turn = 0; turn < 40; turn++) if ((await counters?.take("key", rules))?.allowed) through++;
      return through;
    }),
  );
  assert.equal(
    taken.reduce((sum, count) => sum + count, 0),
    300,
  );
});

test("what another instance gave back is seen", async () => {
  const bindings = await dynamo.makeTable();
  const [here, there] = [at(bindings).counters, at(bindings).counters];
  const rules = [{ algorithm: gcra, limit: 2, window: 24 * 3_600_000, burst: 2 }];
  assert.equal((await here?.take("key", rules, 2))?.allowed, true);
  assert.equal((await there?.take("key", rules, -2))?.allowed, true);
  assert.equal((await here?.take("key", rules, 2))?.allowed, true);
  assert.equal((await there?.take("key", rules))?.allowed, false);
});

/** A server before dynalite. `answer` may take a call: it gives true then. */
async function stand(t: TestContext, answer: (call: Call) => Promise<boolean> | boolean) {
  const bindings = await dynamo.makeTable();
  const calls: string[] = [];
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const action = String(req.headers["x-amz-target"]).replace("DynamoDB_20120810.", "");
    const index = calls.push(action) - 1;
    const pass = async () => {
      const { host: _, connection: __, ...headers } = req.headers as Record<string, string>; // none comes twice
      return fetch(bindings.AWS_ENDPOINT_URL_DYNAMODB ?? "", { method: "POST", headers, body });
    };
    if (await answer({ action, index, body: String(body), req, res, pass })) return;
    const passed = await pass();
    res.writeHead(passed.status, { "content-type": "application/x-amz-json-1.0" }).end(await passed.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
  return { bindings: { ...bindings, AWS_ENDPOINT_URL_DYNAMODB: url }, calls };
}

interface Call {
  action: string;
  index: number;
  body: string;
  req: IncomingMessage;
  res: ServerResponse;
  pass(): Promise<Response>;
}

const refuse = (res: ServerResponse, status: number, type: string, message = "") => {
  res.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
  res.end(JSON.stringify({ __type: type, message }));
  return true;
};

test("a call that comes too fast, a server that fails and a connection that breaks are tried again", async (t) => {
  const types = ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"];
  const { bindings, calls } = await stand(t, ({ index, req, res }) => {
    const type = types[index / 2];
    if (type) return refuse(res, 400, `com.amazonaws.dynamodb.v20120810#${type}`);
    if (index === 6) return refuse(res, 500, "com.amazonaws.dynamodb.v20120810#InternalServerError");
    if (index === 8) return req.socket.destroy() !== undefined;
    if (index === 10) {
      res.writeHead(503, { "content-type": "text/html" }).end("<h1>busy</h1>");
      return true;
    }
    return false;
  });
  const store = at(bindings);
  for (let round = 0; round < 6; round++) await store.set("key", "x");
  assert.equal(calls.length, 12);
  assert.equal((await store.get("key"))?.text(), "x");
});

const DAY = 24 * 3_600_000;
const ofFive = [{ algorithm: tokenBucket, limit: 5, window: DAY }];

test("a take whose answer is lost counts once, whether it was done or not", async (t) => {
  for (const done of [true, false]) {
    let lost = 0;
    const { bindings } = await stand(t, async ({ req, pass }) => {
      if (lost > 0) return false;
      lost++;
      if (done) await (await pass()).text();
      // What others count meanwhile changes nothing of it.
      await at(bindings).counters?.take("key", ofFive);
      req.socket.destroy();
      return true;
    });
    const { counters } = at(bindings);
    assert.equal((await counters?.take("key", ofFive, 2))?.rules[0]?.remaining, done ? 3 : 2);
    assert.equal((await counters?.take("key", ofFive))?.rules[0]?.remaining, 1);
    assert.equal(lost, 1);
  }
});

test("a take whose answer is lost and that was folded meanwhile is not done twice, and says so", async (t) => {
  let lost = 0;
  const { bindings } = await stand(t, async ({ req, pass }) => {
    if (lost > 0) return false;
    lost++;
    await (await pass()).text();
    const { counters } = at(bindings);
    for (let count = 0; count < 11; count++) await counters?.take("key", ofFive, 0);
    req.socket.destroy();
    return true;
  });
  await assert.rejects(at(bindings).counters?.take("key", ofFive) ?? Promise.resolve(), { code: "STORE_FAILED" });
  assert.equal((await at(bindings).counters?.take("key", ofFive, 0))?.rules[0]?.remaining, 4);
});

test("an instance whose clock is behind takes no more than is left", async (t) => {
  const bindings = await dynamo.makeTable();
  const rules = [{ algorithm: fixedWindow, limit: 1, window: 60_000 }];
  const border = 1_800_000_000_000;
  t.mock.timers.enable({ apis: ["Date"], now: border - 1_000 });
  const [here, there] = [at(bindings).counters, at(bindings).counters];
  assert.equal((await here?.take("key", rules))?.allowed, true);
  t.mock.timers.setTime(border + 1);
  assert.equal((await here?.take("key", rules))?.allowed, true);
  t.mock.timers.setTime(border - 2);
  assert.equal((await there?.take("key", rules))?.allowed, false);
  assert.equal((await there?.take("key", rules))?.allowed, false);
});

test("a debt outlasts the windows, and the log of a counter stays short", async (t) => {
  const { bindings, calls } = await stand(t, () => false);
  const { counters } = at(bindings);
  const forced = ofFive.map((rule) => ({ ...rule, force: true }));
  for (let count = 0; count < 100; count++) await counters?.take("key", forced);
  // Each twelfth write or so is followed by one that folds; with a debt each is, so that it is not forgotten early.
  assert.deepEqual([...new Set(calls)], ["UpdateItem"]);
  calls.length = 0;
  for (let count = 0; count < 100; count++) await counters?.take("other", ofFive);
  assert.ok(calls.length > 105 && calls.length < 112, `${calls.length}`);
  assert.equal((await counters?.take("key", ofFive))?.allowed, false);
});

test("a lease whose answer is lost is held, by the token that was given", async (t) => {
  let lost = 0;
  const { bindings } = await stand(t, async ({ action, req, pass }) => {
    if (action !== "PutItem" || lost > 0) return false;
    lost++;
    await (await pass()).text();
    req.socket.destroy();
    return true;
  });
  const { counters } = at(bindings);
  assert.equal((await counters?.lease("key", 60))?.token, 1);
  assert.equal(await counters?.lease("key", 60), undefined);
});

test("an older token takes no lease from a newer one that is over", async (t) => {
  let between: Promise<unknown> | undefined;
  const { bindings } = await stand(t, async ({ action }) => {
    if (action === "PutItem" && !between) {
      const { counters } = at(bindings);
      between = (async () => (await counters?.lease("key", 60))?.release())();
      await between;
    }
    return false;
  });
  assert.equal(await at(bindings).counters?.lease("key", 60), undefined);
  assert.equal((await at(bindings).counters?.lease("key", 60))?.token, 3);
});

test("a take is one call, and so is a value each way", async (t) => {
  const { bindings, calls } = await stand(t, () => false);
  const store = at(bindings);
  const rules = [{ algorithm: tokenBucket, limit: 2, window: 24 * 3_600_000 }];
  const callsOf = async (work: () => Promise<unknown> | undefined) => {
    calls.length = 0;
    await work();
    return [...calls];
  };
  for (let count = 0; count < 3; count++) {
    assert.deepEqual(await callsOf(() => store.counters?.take("key", rules)), ["UpdateItem"]);
  }
  const many = () => Promise.all(Array.from({ length: 60 }, () => store.counters?.take("many", rules)));
  assert.ok((await callsOf(many)).length <= 4);
  assert.deepEqual(await callsOf(() => store.counters?.lease("key", 1)), ["UpdateItem", "PutItem"]);
  assert.deepEqual(await callsOf(() => store.set("key", "x")), ["PutItem"]);
  assert.deepEqual(await callsOf(() => store.get("key")), ["GetItem"]);
  assert.deepEqual(await callsOf(() => store.list()), ["Query"]);
  assert.deepEqual(await callsOf(() => store.delete("key")), ["DeleteItem"]);
});

test("a credential that AWS does not take is told by its variable, and never shown", async (t) => {
  // As DynamoDB answered; the words of a signature's failure hold the session's token.
  const answers = [
    ["com.amazon.coral.service#UnrecognizedClientException", "The security token included in the request is invalid."],
    ["com.amazon.coral.service#ExpiredTokenException", "The security token included in the request is expired"],
    [
      "com.amazon.coral.service#InvalidSignatureException",
      "The Canonical String should have been 'x-amz-security-token:s3cret'",
    ],
    ["com.amazon.coral.service#MissingAuthenticationTokenException", "Request is missing Authentication Token"],
    [
      "com.amazon.coral.service#AccessDeniedException",
      "User: arn:aws:sts::123456789012:assumed-role/links/fn is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:eu-west-1:123456789012:table/links",
    ],
  ] as const;
  const { bindings, calls } = await stand(t, ({ index, res }) => {
    const [type = "", message = ""] = answers[index] ?? [];
    return refuse(res, 400, type, message);
  });
  for (const [type, message] of answers) {
    await assert.rejects(at(bindings).get("key"), (error: Error & { code?: string }) => {
      assert.equal(error.code, "STORE_REFUSED");
      assert.match(error.message, /AWS_ACCESS_KEY_ID/);
      assert.match(error.message, new RegExp(type.split("#")[1] ?? ""));
      assert.equal(error.message.includes(message), type.endsWith("AccessDeniedException"));
      return true;
    });
  }
  assert.equal(calls.length, answers.length);
});

test("a table that is not there is told by its name and its variable", async () => {
  const bindings = { ...(await dynamo.makeTable()), TABLE_MAIN: "nobody-made-it" };
  await assert.rejects(at(bindings).get("key"), { code: "STORE_FAILED", message: /nobody-made-it.*TABLE_MAIN/ });
});

test("what is not set is told by name, when the store is opened", () => {
  const whole = toBindings("http://127.0.0.1:1", "table");
  for (const name of ["TABLE_MAIN", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
    const message = new RegExp(`"main".*${name}`);
    assert.throws(() => at({ ...whole, [name]: "" }), { code: "STORE_DYNAMODB_UNSET", message });
  }
});

test("a server that is gone, and one that never answers, are a coded error", async (t) => {
  await assert.rejects(at(toBindings("http://127.0.0.1:1", "table")).get("key"), { code: "STORE_UNREACHABLE" });
  const { bindings } = await stand(t, () => true);
  const store = at(bindings, { deadline: 50 });
  const rules = [{ algorithm: gcra, limit: 2, window: 1_000 }];
  await assert.rejects(store.set("key", "x"), { code: "STORE_UNREACHABLE" });
  await assert.rejects(store.counters?.take("key", rules) ?? Promise.resolve(), { code: "STORE_UNREACHABLE" });
  await assert.rejects(store.counters?.lease("key", 1) ?? Promise.resolve(), { code: "STORE_UNREACHABLE" });
});

test("thousands of takes of one counter while the server is silent end together, and are not asked for later", async (t) => {
  const { bindings, calls } = await stand(t, () => true);
  const { counters } = at(bindings, { deadline: 100 });
  const rules = [{ algorithm: gcra, limit: 2, window: 1_000 }];
  const all = await Promise.allSettled(Array.from({ length: 2_000 }, () => counters?.take("key", rules)));
  assert.ok(all.every((one) => one.status === "rejected" && one.reason.code === "STORE_UNREACHABLE"));
  assert.equal(calls.length, 1);
});

test("a redirection is not followed, and an answer without an end not read to it", async (t) => {
  let followed = 0;
  const other = await stand(t, () => ++followed > 0);
  const location = other.bindings.AWS_ENDPOINT_URL_DYNAMODB;
  const away = await stand(t, ({ res }) => res.writeHead(307, { location }).end() !== undefined);
  await assert.rejects(at(away.bindings).get("key"), { code: "STORE_UNREACHABLE" });
  assert.equal(followed, 0);
  let sent = 0;
  const endless = await stand(t, ({ res }) => {
    const chunk = Buffer.alloc(1_048_576, "a");
    const write = () => {
      while (!res.destroyed && res.write(chunk)) sent++;
    };
    res.on("drain", write);
    write();
    return true;
  });
  await assert.rejects(at(endless.bindings, { attempts: 1, deadline: 20_000 }).get("key"), {
    code: "STORE_UNREACHABLE",
    message: /no answer that could be read/,
  });
  assert.ok(sent < 64);
});

test("a server that comes back is used again", async (t) => {
  let gone = true;
  const { bindings } = await stand(t, ({ req }) => gone && req.socket.destroy() !== undefined);
  const store = at(bindings, { attempts: 2 });
  const rules = [{ algorithm: gcra, limit: 2, window: 60_000, burst: 2 }];
  await assert.rejects(store.counters?.take("key", rules) ?? Promise.resolve(), { code: "STORE_UNREACHABLE" });
  gone = false;
  assert.equal((await store.counters?.take("key", rules))?.rules[0]?.remaining, 1);
});

test("a take that is counted is told, though the call that folds the log never ends", async (t) => {
  let folds = 0;
  const { bindings } = await stand(t, ({ body }) => body.includes("REMOVE") && ++folds === 1);
  const { counters } = at(bindings, { deadline: 300 });
  const rules = [{ algorithm: tokenBucket, limit: 100, window: DAY }];
  for (let count = 0; count < 20; count++) {
    assert.equal((await counters?.take("key", rules))?.rules[0]?.remaining, 99 - count);
  }
  assert.ok(folds > 1);
});
