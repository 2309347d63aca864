import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, errorOf, execution, get, linesOf } from "./app.fixture.ts";
import { createKey } from "./context.ts";
import type { Context, ExecutionContext, Middleware } from "./types.ts";

/** The context of a request, still usable after the answer. */
async function contextOf(given?: Partial<ExecutionContext>, middleware: Middleware[] = []): Promise<Context> {
  let found: Context | undefined;
  const app = appOf((_request, context) => {
    found = context;
    return new Response();
  }, middleware);
  await get(app, "/a?b=c", {}, given && execution(given));
  assert.ok(found);
  return found;
}

test("what the platform gives is there", async () => {
  const platform = { name: "cloudflare", raw: { cf: {} } };
  const context = await contextOf({
    ip: "192.0.2.1",
    geo: { country: "NZ" },
    requestId: "r1",
    platform,
    trigger: "schedule",
  });
  assert.deepEqual(
    [context.ip, context.geo, context.requestId, context.platform, context.trigger],
    ["192.0.2.1", { country: "NZ" }, "r1", platform, "schedule"],
  );
});

test("without a platform there are careful defaults", async () => {
  const context = await contextOf();
  assert.deepEqual([context.ip, context.geo, context.trigger, context.env], [undefined, undefined, "http", {}]);
  assert.match(context.requestId, /^[\da-f-]{36}$/);
  assert.equal(context.requestId, context.requestId);
  assert.equal(context.url.search, "?b=c");
});

test("values go from middleware to the handler by key, and keys of one name are two keys", async () => {
  const user = createKey<string>("user");
  const other = createKey<string>("user");
  const context = await contextOf({}, [
    (_request, context, next) => {
      context.set(user, "ada");
      return next();
    },
  ]);
  assert.deepEqual([context.get(user), context.get(other)], ["ada", undefined]);
});

test("a shared object is opened once, also when it is undefined", async () => {
  const key = createKey<undefined>("nothing");
  const context = await contextOf();
  let opened = 0;
  const open = () => {
    opened++;
    return undefined;
  };
  context.shared(key, open);
  context.shared(key, open);
  assert.equal(opened, 1);
});

test("the signal is the request's until middleware puts another in its place", async () => {
  const gone = new AbortController();
  const app = appOf((_request, context) => Response.json(context.signal.aborted));
  const request = new Request("http://a/", { signal: gone.signal });
  gone.abort();
  assert.equal(await (await app.fetch(request)).json(), true);
});

test("work given to waitUntil reaches the platform, and its failure is logged, never lost", async () => {
  const kept: Promise<unknown>[] = [];
  const app = appOf((_request, context) => {
    context.waitUntil(Promise.resolve("done"));
    context.waitUntil(Promise.reject(new Error("late")));
    return new Response();
  });
  const lines = await linesOf(async () => {
    await get(app, "/", {}, execution({ requestId: "r1", waitUntil: (promise) => kept.push(promise) }));
    await Promise.all(kept);
  });
  assert.equal(kept.length, 2);
  assert.deepEqual([lines.length, lines[0]?.message, lines[0]?.requestId], [1, "waitUntil failed", "r1"]);
  assert.equal(errorOf(lines[0]).message, "late");
});

test("the log carries the request's id and route", async () => {
  const app = appOf((_request, context) => {
    context.log.child({ a: 1 }).info("hello", { b: 2 });
    return new Response();
  });
  const lines = await linesOf(() => get(app, "/", {}, execution({ requestId: "r1" })));
  assert.deepEqual(lines, [{ level: "info", message: "hello", requestId: "r1", route: "/[[...path]]", a: 1, b: 2 }]);
});
