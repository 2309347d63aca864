import assert from "node:assert/strict";
import { request } from "node:http";
import { after, test } from "node:test";
import { startUpstash } from "./upstash.fixture.ts";

const { url, token, ask } = await startUpstash({ after });

test("a command is a body, or a path with its body and query", async () => {
  assert.deepEqual(await ask("/", ["SET", "body", 1]), { status: 200, body: { result: "OK" } });
  assert.deepEqual(await ask("/get/body"), { status: 200, body: { result: "1" } });
  assert.deepEqual(await ask("/set/a%20b%2Fc/%C3%BC"), { status: 200, body: { result: "OK" } });
  assert.deepEqual(await ask("/get/a%20b%2Fc"), { status: 200, body: { result: "ü" } });
  assert.deepEqual(await ask("/set/path?EX=100&NX", "of the body"), { status: 200, body: { result: "OK" } });
  assert.deepEqual(await ask("/set/path/again?NX"), { status: 200, body: { result: null } });
  assert.deepEqual(await ask("/get/path"), { status: 200, body: { result: "of the body" } });
  assert.deepEqual(await ask("/ttl/path"), { status: 200, body: { result: 100 } });
});

test("bytes stay bytes", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  const headers = { authorization: `Bearer ${token}`, "upstash-encoding": "base64" };
  await fetch(`${url}/set/bytes`, { method: "POST", headers, body: bytes });
  const { result } = (await (await fetch(`${url}/get/bytes`, { headers })).json()) as { result: string };
  assert.deepEqual(Uint8Array.from(Buffer.from(result, "base64")), bytes);
});

test("in base64 all strings are, however deep, and numbers, null and a plain OK are themselves", async () => {
  const encoded = { "upstash-encoding": "base64" };
  const of = (text: string) => Buffer.from(text).toString("base64");
  const nested = ["EVAL", "return { 'a', { 'OK', 7, false } }", 0];
  assert.deepEqual((await ask("/", nested, encoded)).body, { result: [of("a"), [of("OK"), 7, null]] });
  assert.deepEqual((await ask("/set/ok/OK", undefined, encoded)).body, { result: "OK" });
  assert.deepEqual((await ask("/get/ok", undefined, encoded)).body, { result: of("OK") });
  assert.deepEqual((await ask("/ping", undefined, encoded)).body, { result: of("PONG") });
  const piped = [["PING"], ["GET", "none"], ["NOSUCH"]];
  const [pong, none, unknown] = (await ask("/pipeline", piped, encoded)).body as { error?: string }[];
  assert.deepEqual([pong, none], [{ result: of("PONG") }, { result: null }]);
  assert.match(unknown?.error ?? "", /^ERR unknown command/);
});

test("without the token there is nothing, whatever is asked for", async () => {
  const refused = { status: 401, body: { error: "WRONGPASS invalid or missing auth token" } };
  for (const path of ["/", "/get/a", "/pipeline", "/multi-exec", "/subscribe/a", "/nothing/at/all"]) {
    for (const authorization of ["", "Bearer ", `Bearer ${token}x`, `Basic ${token}`]) {
      assert.deepEqual(await ask(path, ["GET", "a"], { authorization }), refused);
    }
  }
  assert.equal((await fetch(`${url}/ping?_token=${token}`)).status, 200);
  assert.equal((await fetch(`${url}/ping?_token=wrong`)).status, 401);
  const piped = await fetch(`${url}/pipeline?_token=${token}`, { method: "POST", body: '[["PING"]]' });
  assert.deepEqual(await piped.json(), [{ result: "PONG" }]);
});

test("every answer has a token of its moment", async () => {
  const headers = { authorization: `Bearer ${token}` };
  const tokens = [];
  for (let turn = 0; turn < 2; turn++)
    tokens.push((await fetch(`${url}/ping`, { headers })).headers.get("upstash-sync-token"));
  assert.equal(new Set(tokens).size, 2);
  assert.ok(tokens.every(Boolean));
});

test("what is no command is a 400 that says why, in JSON", async () => {
  const broken: [string, string][] = [
    ["/", ""],
    ["/", "{"],
    ["/", '"PING"'],
    ["/", "[]"],
    ["/", '["GET", null]'],
    ["/", '["GET", ["a"]]'],
    ["/", '["NOSUCH"]'],
    ["/", '["GET"]'],
    ["/pipeline", "[["],
    ["/pipeline", "[]"],
    ["/pipeline", '["GET", "a"]'],
    ["/multi-exec", "[[]]"],
    ["/multi-exec", '[["SET", "a", "1"], ["NOSUCH"]]'],
    ["/%ff", "a"],
    ["/subscribe", ""],
  ];
  for (const [path, body] of broken) {
    const answer = await ask(path, body);
    assert.equal(answer.status, 400, `${path} ${body}`);
    assert.match((answer.body as { error: string }).error, /^(?:ERR|EXECABORT) /, `${path} ${body}`);
  }
  assert.deepEqual((await ask("/get/a")).body, { result: null });
  assert.equal((await fetch(url, { method: "DELETE", headers: { authorization: `Bearer ${token}` } })).status, 405);
});

test("commands of a connection or of the server are none of a client's", async () => {
  for (const command of [
    "CONFIG GET dir",
    "select 1",
    "SHUTDOWN",
    "blpop a 0",
    "MULTI",
    "SUBSCRIBE a",
    "CLIENT LIST",
  ]) {
    const { status, body } = await ask("/", command.split(" "));
    assert.equal(status, 400);
    assert.match((body as { error: string }).error, /^ERR Command is not available/);
  }
  const [, pong] = (await ask("/pipeline", [["QUIT"], ["PING"]])).body as unknown[];
  assert.deepEqual(pong, { result: "PONG" });
  assert.equal((await ask("/multi-exec", [["EXEC"], ["SET", "never", 1]])).status, 400);
  assert.deepEqual((await ask("/exists/never")).body, { result: 0 });
});

test("a transaction is done as one, while others write the same key", async () => {
  const step = [["GET", "one"], ["INCR", "one"], ["GET", "one"]]; // biome-ignore format: one line
  const all = await Promise.all(
    Array.from({ length: 40 }, async (_, turn) => ask(turn % 2 ? "/pipeline" : "/multi-exec", step)),
  );
  for (const [turn, { body }] of all.entries()) {
    const [before, done, now] = (body as { result: string | number | null }[]).map(({ result }) => Number(result));
    if (turn % 2 === 0) assert.deepEqual([before, now], [Number(done) - 1, done]);
  }
  assert.deepEqual((await ask("/get/one")).body, { result: "40" });
});

test("a body has an end, whether or not it says which", async () => {
  const status = (headers: Record<string, string>, size: number): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const sent = request(url, { method: "POST", headers: { authorization: `Bearer ${token}`, ...headers } });
      sent.on("response", (response) => resolve(response.resume().statusCode));
      sent.on("error", reject);
      if (size > 0) sent.write(Buffer.alloc(size, 97));
      else sent.flushHeaders();
    });
  assert.equal(await status({ "content-length": "99999999" }, 0), 413);
  assert.equal(await status({}, 10 * 1024 * 1024 + 1), 413);
  assert.deepEqual((await ask("/ping")).body, { result: "PONG" });
});
