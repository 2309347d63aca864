/** What may go wrong. That it does what every driver does is tested on the front of `godwit dev`: packages/cli/src/dev/upstash. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import { fixedWindow } from "../rate-limit/fixed-window.ts";
import { startRedis } from "../rate-limit/redis.fixture.ts";
import type { Store } from "./store.ts";
import { startFront } from "./upstash.fixture.ts";
import { open, type UpstashOptions, upstash } from "./upstash.ts";

const openAt = (url: string, token = "secret", options: UpstashOptions = {}): Store =>
  open(
    { deadline: 5_000, ...options },
    { name: "main", bindings: { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } },
  );

const take = async (store: Store) =>
  store.counters?.take("key", [{ algorithm: fixedWindow, limit: 100, window: 86_400_000_000 }]);

/** A server that answers as `answer` does, with what it was asked. */
async function listen(t: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const asked: IncomingMessage["headers"][] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers);
    request.resume();
    answer(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`, asked };
}

test("a wrong token is refused with the name of the variable, and is not told", async (t) => {
  const server = await startRedis();
  const front = await startFront(server.path, "secret");
  t.after(async () => {
    await front.close();
    await server.close();
  });
  for (const run of [(store: Store) => store.get("key"), take]) {
    await assert.rejects(run(openAt(front.url, "wrong-one")), (error: Error) => {
      assert.equal("code" in error && error.code, "STORE_REFUSED");
      assert.match(error.message, /UPSTASH_REDIS_REST_TOKEN/);
      assert.doesNotMatch(inspect(error, { depth: 9 }), /wrong-one/);
      return true;
    });
  }
  assert.equal(front.requests, 2, "not tried again");
});

test("a token that may only read is refused where something is written", async (t) => {
  const body = JSON.stringify({ error: "NOPERM this user has no permissions to run the 'evalsha' command" });
  const { url } = await listen(t, (_, response) => response.writeHead(400).end(body));
  await assert.rejects(openAt(url).set("key", "x"), { code: "STORE_REFUSED" });
});

test("what is no answer of Upstash fails, and is not tried again", async (t) => {
  let body = "";
  const { url, asked } = await listen(t, (_, response) => response.end(body));
  for (body of ["<html>", "", "null", "{}", "[]", '{"result":"text"}', '{"result":["%"]}', '"result"']) {
    await assert.rejects(openAt(url).get("key"), { code: "STORE_FAILED" }, body);
  }
  assert.equal(asked.length, 8);
});

test("an error of the server is told in its words", async (t) => {
  const body = JSON.stringify({ error: "ERR max requests limit exceeded" });
  const { url } = await listen(t, (_, response) => response.writeHead(400).end(body));
  await assert.rejects(openAt(url).get("key"), { code: "STORE_FAILED", message: /ERR max requests limit exceeded/ });
});

test("an answer without an end is not read to it", async (t) => {
  const { url } = await listen(t, (_, response) => {
    const chunk = Buffer.alloc(1_048_576, "a");
    const write = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", write);
    write();
  });
  await assert.rejects(openAt(url, "secret", { deadline: 20_000 }).get("key"), {
    code: "STORE_FAILED",
    message: /more than 67108864 bytes/,
  });
});

test("a server that has a bad moment is asked again, but not for a take, which it may have done", async (t) => {
  for (const status of [502, 503, 504]) {
    let left = 2;
    const { url, asked } = await listen(t, (_, response) => {
      if (left-- > 0) response.writeHead(status).end("bad moment");
      else response.end('{"result":[null,null,null,null]}');
    });
    assert.equal(await openAt(url).get("key"), undefined);
    assert.equal(asked.length, 3);
    left = 2;
    await assert.rejects(take(openAt(url)), { code: "STORE_UNREACHABLE", message: new RegExp(`${status}`) });
    assert.equal(asked.length, 4);
  }
});

test("a connection that is cut is tried again, three times in all, but not for a take", async (t) => {
  const { url, asked } = await listen(t, (request) => request.socket.destroy());
  await assert.rejects(openAt(url).get("key"), { code: "STORE_UNREACHABLE" });
  assert.equal(asked.length, 3);
  await assert.rejects(take(openAt(url)), { code: "STORE_UNREACHABLE" });
  assert.equal(asked.length, 4);
});

test("too many requests: it waits as it is told, a take too, and not beyond its deadline", async (t) => {
  let after = "0";
  let left = 1;
  const { url, asked } = await listen(t, (_, response) => {
    if (left-- > 0) response.writeHead(429, { "retry-after": after }).end("slow down");
    else response.end(JSON.stringify({ result: ["1", "1", "1", "99", "5", "0"].map(btoa) }));
  });
  assert.equal((await take(openAt(url)))?.rules[0]?.remaining, 99);
  assert.equal(asked.length, 2);
  left = 1;
  after = "3600";
  await assert.rejects(take(openAt(url)), { code: "STORE_UNREACHABLE", message: /3600000 ms/ });
  assert.equal(asked.length, 3);
});

test("a server that never answers ends with the deadline, and the request is given up", async (t) => {
  const gone = Promise.withResolvers<void>();
  const { url } = await listen(t, (request) => request.socket.on("close", () => gone.resolve()));
  await assert.rejects(openAt(url, "secret", { deadline: 100 }).get("key"), { code: "STORE_UNREACHABLE" });
  await gone.promise;
});

test("a redirection is not followed: the token is for one address", async (t) => {
  const other = await listen(t, (_, response) => response.end("{}"));
  const { url } = await listen(t, (_, response) => response.writeHead(307, { location: other.url }).end());
  await assert.rejects(openAt(url).get("key"), { code: "STORE_FAILED", message: /307/ });
  assert.equal(other.asked.length, 0);
});

test("what an instance wrote it reads: each request carries the token of the answer before", async (t) => {
  const { url, asked } = await listen(t, (_, response) => {
    response.setHeader("upstash-sync-token", `after ${asked.length}`);
    response.end('{"result":[null,null,null,null]}');
  });
  const store = openAt(url);
  for (let at = 0; at < 3; at++) await store.get("key");
  assert.deepEqual(
    asked.map((headers) => headers["upstash-sync-token"]),
    ["", "after 1", "after 2"],
  );
});

test("variables that are not there, or hold no address or token, are named", () => {
  const UPSTASH_REDIS_REST_URL = "https://name.upstash.io";
  for (const [bindings, name] of [
    [{}, "UPSTASH_REDIS_REST_URL"],
    [{ UPSTASH_REDIS_REST_URL: "name.upstash.io" }, "UPSTASH_REDIS_REST_URL"],
    // What fetch says of it has the password in it.
    [{ UPSTASH_REDIS_REST_URL: "https://default:word@name.upstash.io" }, "UPSTASH_REDIS_REST_URL"],
    [{ UPSTASH_REDIS_REST_URL: "https://a b" }, "UPSTASH_REDIS_REST_URL"],
    [{ UPSTASH_REDIS_REST_URL }, "UPSTASH_REDIS_REST_TOKEN"],
    [{ UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN: "two\nlines" }, "UPSTASH_REDIS_REST_TOKEN"],
  ] as const) {
    assert.throws(() => open({}, { name: "main", bindings }), {
      code: "STORE_VARIABLE_INVALID",
      message: new RegExp(`reads ${name},`),
    });
  }
});

test("the driver names its variables as they are given, and reads that are of a region", () => {
  const { env, guarantees } = upstash({ url: "A_URL", token: "A_TOKEN", readRegions: true });
  assert.deepEqual(env, { vars: ["A_URL"], secrets: ["A_TOKEN"] });
  assert.deepEqual([guarantees.reads, guarantees.list, guarantees.counters], ["eventual", "eventual", "exact"]);
});
