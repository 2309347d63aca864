import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, errorOf, execution, get, type Line, linesOf } from "../app.fixture.ts";
import { HttpError } from "../errors.ts";
import type { Handler } from "../types.ts";
import { type LoggerOptions, logger } from "./logger.ts";

async function ask(handler: Handler, options: LoggerOptions = {}, headers: HeadersInit = {}): Promise<Line[]> {
  const lines: Line[] = [];
  const write = (line: string) => lines.push(JSON.parse(line));
  const app = appOf(handler, [logger({ write, ...options })]);
  await get(app, "/a?token=t", headers, execution({ requestId: "r1", ip: "192.0.2.1" }));
  return lines;
}
const ok = () => new Response("ok", { status: 201 });

test("a request is one line, without its query", async () => {
  const [line, ...more] = await ask(ok);
  assert.deepEqual(more, []);
  const { time, ms, ...rest } = line ?? assert.fail();
  assert.match(String(time), /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.equal(typeof ms, "number");
  assert.deepEqual(rest, {
    level: "info",
    message: "request",
    requestId: "r1",
    route: "/[[...path]]",
    method: "GET",
    path: "/a",
    status: 201,
    ip: "192.0.2.1",
  });
});

test("a failure is an error line with its stack, and the request's own line says 500", async () => {
  const lines = await ask(() => {
    throw new Error("boom");
  });
  assert.deepEqual(
    lines.map(({ level, message, requestId }) => [level, message, requestId]),
    [
      ["error", "unhandled error", "r1"],
      ["error", "request", "r1"],
    ],
  );
  assert.match(String(errorOf(lines[0]).stack), /logger\.test/);
});

test("a client's error is an info line", async () => {
  const [line] = await ask(() => {
    throw new HttpError(403);
  });
  assert.deepEqual([line?.level, line?.status], ["info", 403]);
});

test("levels below the chosen one are not written, and children keep their fields", async () => {
  const handler: Handler = (_request, { log }) => {
    const child = log.child({ part: "db" });
    child.debug("quiet");
    child.info("quiet");
    child.warn("loud", { n: 1n });
    return ok();
  };
  const [line, ...more] = await ask(handler, { level: "warn", fields: { version: "1" } });
  assert.deepEqual(
    [line?.message, line?.part, line?.n, line?.version, line?.requestId, more.length],
    ["loud", "db", "1", "1", "r1", 0],
  );
  assert.equal((await ask(handler, { level: "debug" })).length, 4);
});

test("secret fields are redacted at any depth and in any spelling", async () => {
  const handler: Handler = (request, { log }) => {
    log.info("login", {
      password: "p",
      user: { Access_Token: "t", "api-key": "k", iban: "i", name: "ada" },
      list: [{ secret: { deep: "s" } }],
      headers: request.headers,
    });
    return ok();
  };
  const [line] = await ask(handler, { redact: ["IBAN"] }, { authorization: "Bearer b", cookie: "c=1", "x-a": "1" });
  const hidden = "[redacted]";
  assert.deepEqual(
    [line?.password, line?.user, line?.list],
    [hidden, { Access_Token: hidden, "api-key": hidden, iban: hidden, name: "ada" }, [{ secret: hidden }]],
  );
  assert.deepEqual(line?.headers, { authorization: hidden, cookie: hidden, "x-a": "1" });
});

test("chosen request headers are on the line, secret ones redacted", async () => {
  const options = { headers: ["User-Agent", "Authorization", "x-none"] };
  const [line] = await ask(ok, options, { "user-agent": "test", authorization: "Bearer b" });
  assert.deepEqual(line?.headers, { "user-agent": "test", authorization: "[redacted]" });
});

test("fields with a cycle are left out, and the request goes on", async () => {
  const lines = await ask((_request, { log }) => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    log.info("round", { cycle });
    return ok();
  });
  assert.deepEqual(
    lines.map((line) => line.message),
    ["round", "request"],
  );
});

test("lines go to the console's method of their level unless told otherwise", async () => {
  const app = appOf(ok, [logger()]);
  const lines = await linesOf(() => get(app, "/"));
  assert.deepEqual([lines.length, lines[0]?.level], [1, "info"]);
});
