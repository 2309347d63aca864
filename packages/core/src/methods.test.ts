import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, execution, get, linesOf, ORIGIN } from "./app.fixture.ts";
import { createApp } from "./app.ts";
import { onePattern } from "./router.ts";
import type { Handler, Middleware, RouteModule } from "./types.ts";

const says = (text: string) => () => new Response(text);
const send = (module: RouteModule, method: string, middleware: Middleware[] = []) =>
  appOf(module, middleware).fetch(new Request(ORIGIN, { method }));

test("each method has its own handler", async () => {
  for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"] as const) {
    assert.equal(await (await send({ [method]: says(method) }, method)).text(), method);
  }
});

test("a method without a handler is a 405 with Allow, behind the route's own middleware", async () => {
  const mark: Middleware = async (_request, _context, next) => {
    const response = await next();
    response.headers.set("x-mark", "1");
    return response;
  };
  const response = await send({ GET: says("a"), PUT: says("b") }, "POST", [mark]);
  assert.equal(response.status, 405);
  assert.equal(response.headers.get("allow"), "GET, HEAD, PUT, OPTIONS");
  assert.equal(response.headers.get("x-mark"), "1");
  assert.equal((await response.json()).title, "Method Not Allowed");
});

test("HEAD has no GET to come from, and is a 405 then", async () => {
  const response = await send({ POST: says("a") }, "HEAD");
  assert.deepEqual([response.status, response.headers.get("allow"), response.body], [405, "POST, OPTIONS", null]);
});

test("HEAD of its own goes before GET", async () => {
  const HEAD = () => new Response(null, { headers: { "x-from": "head" } });
  assert.equal((await send({ GET: says("a"), HEAD }, "HEAD")).headers.get("x-from"), "head");
});

test("OPTIONS is answered with 204 and Allow, unless the route has its own", async () => {
  const own = await send({ GET: says("a") }, "OPTIONS");
  assert.deepEqual([own.status, own.headers.get("allow")], [204, "GET, HEAD, OPTIONS"]);
  assert.equal(await (await send({ OPTIONS: says("mine") }, "OPTIONS")).text(), "mine");
});

test("default takes every method that is left", async () => {
  const module = { GET: says("get"), default: (request: Request) => new Response(request.method) };
  assert.equal(await (await send(module, "GET")).text(), "get");
  assert.equal(await (await send(module, "PROPFIND")).text(), "PROPFIND");
  assert.equal(await (await send(module, "OPTIONS")).text(), "OPTIONS");
});

test("a method named like another export or member does not reach it", async () => {
  const module = { GET: says("a"), config: says("config"), LIMIT: says("limit") } as RouteModule; // more than routes export
  for (const method of ["config", "LIMIT", "constructor", "toString", "__proto__", "default"]) {
    assert.equal((await send(module, method)).status, 405, method);
  }
});

test("an unknown method is a 405", async () => {
  assert.equal((await send({ GET: says("a") }, "BREW")).status, 405);
});

test("a mounted fetch app sees the full URL, the raw bindings and a waitUntil", async () => {
  const kept: Promise<unknown>[] = [];
  const seen: unknown[] = [];
  const app = {
    own: "this is the app",
    fetch(request: Request, env?: unknown, context?: unknown) {
      const worker = context as { waitUntil(promise: Promise<unknown>): void; passThroughOnException(): void };
      worker.waitUntil(Promise.resolve());
      worker.passThroughOnException();
      seen.push(request.url, env, this.own);
      return new Response("mounted");
    },
  };
  const raw = { KV: {} };
  const at = execution({ env: raw, waitUntil: (promise) => kept.push(promise) });
  const response = await get(appOf({ default: app }), "/a/b?c=d", {}, at);
  assert.equal(await response.text(), "mounted");
  assert.deepEqual(seen, [`${ORIGIN}/a/b?c=d`, raw, "this is the app"]);
  assert.equal(kept.length, 1);
});

test("a mounted app's waitUntil works when taken out of its context", async () => {
  const kept: Promise<unknown>[] = [];
  const app = {
    fetch(_request: Request, _env?: unknown, context?: unknown) {
      const { waitUntil } = context as { waitUntil(promise: Promise<unknown>): void };
      waitUntil(Promise.resolve());
      return new Response("ok");
    },
  };
  await get(appOf({ default: app }), "/", {}, execution({ waitUntil: (promise) => kept.push(promise) }));
  assert.equal(kept.length, 1);
});

test("what a mounted app throws is a 500 like any other", async () => {
  const app = {
    fetch(): Response {
      throw new Error("boom");
    },
  };
  await linesOf(async () => assert.equal((await get(appOf({ default: app }), "/")).status, 500));
});

test("a mounted app may answer with a Response class of its own", async () => {
  class Light {
    status = 200;
    headers = new Headers();
    body = null;
  }
  const light = new Light() as unknown as Response; // another realm's class looks the same and is no instance
  assert.equal(
    await get(
      appOf(() => light),
      "/",
    ),
    light,
  );
});

test("a handler typed by its pattern fits a route module", async () => {
  const GET: Handler<"/users/[id]"> = (_request, context) => new Response(context.params.id);
  const app = createApp(
    onePattern(["users", { name: "id" }], { pattern: "/users/[id]", module: { GET }, middleware: [] }),
  );
  assert.equal(await (await get(app, "/users/7")).text(), "7");
});
