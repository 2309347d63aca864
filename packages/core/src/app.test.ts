import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, errorOf, execution, get, linesOf, ORIGIN } from "./app.fixture.ts";
import { createApp } from "./app.ts";
import { HttpError } from "./errors.ts";
import { createRouter, onePattern, type Row } from "./router.ts";
import type { Context, Middleware, Route } from "./types.ts";

const hi = () => new Response("hi");
const mark =
  (name: string): Middleware =>
  async (_request, _context, next) => {
    const response = await next();
    response.headers.append("x-order", name);
    return response;
  };

test("a request reaches its handler with params, route and url", async () => {
  const seen: unknown[] = [];
  const route: Route = {
    pattern: "/users/[id]",
    middleware: [],
    module: {
      GET(_request, context) {
        seen.push(context.params, context.route, context.url.searchParams.get("q"));
        return hi();
      },
    },
  };
  const app = createApp(onePattern(["users", { name: "id" }], route));
  const response = await get(app, "/users/7?q=a/b#c");
  assert.equal(await response.text(), "hi");
  assert.deepEqual(seen, [{ id: "7" }, "/users/[id]", "a/b"]);
});

test("the path is what stands between the host and the query, whatever stands in either", async () => {
  const match = (path: string): undefined => {
    seen.push(path);
  };
  const seen: string[] = [];
  const app = createApp(match);
  for (const url of [
    "http://a",
    "https://a?x=/y",
    "http://a:8080/p#/q?r",
    "https://user:pw@a/p?x",
    "http://[::1]/v6",
    "http://a//b.example/c",
    "http://a/x/../y/./z",
    "http://a/x\\y",
  ]) {
    await app.fetch(new Request(url.replace("user:pw@", "")));
  }
  assert.deepEqual(seen, ["/", "/", "/p", "/p", "/v6", "//b.example/c", "/y/z", "/x/y"]);
});

test("what matches nothing is a 404 problem document behind the root middleware", async () => {
  const app = createApp(() => undefined, { middleware: [mark("root")] });
  const response = await get(app, "/nowhere");
  assert.equal(response.status, 404);
  assert.equal(response.headers.get("x-order"), "root");
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  assert.deepEqual(await response.json(), { type: "about:blank", title: "Not Found", status: 404 });
});

test("_not-found.ts answers in place of the 404", async () => {
  const app = createApp(() => undefined, { notFound: () => new Response("nothing here", { status: 404 }) });
  assert.equal(await (await get(app, "/nowhere")).text(), "nothing here");
});

test("a malformed path is a 400 behind the root middleware, even with a _not-found.ts", async () => {
  const app = createApp(createRouter([]), { middleware: [mark("root")], notFound: hi });
  const response = await get(app, "/%E0%A4%A");
  assert.equal(response.status, 400);
  assert.equal(response.headers.get("x-order"), "root");
  assert.equal((await response.json()).code, "PATH_MALFORMED");
});

test("middleware runs outermost first and its answers pass back through it", async () => {
  const order: string[] = [];
  const layer =
    (name: string): Middleware =>
    async (_request, _context, next) => {
      order.push(`${name} in`);
      const response = await next();
      order.push(`${name} out`);
      return response;
    };
  await get(appOf(hi, [layer("a"), layer("b")]), "/");
  assert.deepEqual(order, ["a in", "b in", "b out", "a out"]);
});

test("middleware may answer itself, and then nothing below it runs", async () => {
  const stop: Middleware = () => new Response("stop", { status: 401 });
  const app = appOf(() => assert.fail("the handler ran"), [mark("a"), stop]);
  const response = await get(app, "/");
  assert.equal(response.status, 401);
  assert.equal(response.headers.get("x-order"), "a");
});

test("middleware that returns nothing after next() passes the answer on", async () => {
  const quiet: Middleware = async (_request, _context, next) => {
    await next();
  };
  const unawaited: Middleware = (_request, _context, next) => {
    next();
    return undefined;
  };
  assert.equal(await (await get(appOf(hi, [quiet, unawaited]), "/")).text(), "hi");
});

test("middleware may hand another Request to what is below", async () => {
  const rewrite: Middleware = (request, _context, next) => next(new Request(request, { headers: { "x-user": "7" } }));
  const app = appOf((request) => new Response(request.headers.get("x-user")), [rewrite]);
  assert.equal(await (await get(app, "/")).text(), "7");
});

test("a second next() is an error, and fine with a Request of its own", async () => {
  let runs = 0;
  const count = () => new Response(String(++runs));
  const twice: Middleware = async (_request, _context, next) => {
    await next();
    return next();
  };
  const lines = await linesOf(async () => assert.equal((await get(appOf(count, [twice]), "/")).status, 500));
  assert.equal(errorOf(lines[0]).code, "NEXT_CALLED_TWICE");
  assert.equal(runs, 1);
  const retry: Middleware = async (request, _context, next) => {
    await next();
    return next(request.clone());
  };
  assert.equal(await (await get(appOf(count, [retry]), "/")).text(), "3");
});

test("neither a Response nor next() is an error that names the route", async () => {
  // @ts-expect-error: the types forbid it, JavaScript does not
  const nothing: Middleware = () => 7;
  const lines = await linesOf(async () => assert.equal((await get(appOf(hi, [nothing]), "/")).status, 500));
  const error = errorOf(lines[0]);
  assert.equal(error.code, "NO_RESPONSE");
  assert.match(error.message, /\/\[\[\.\.\.path\]\]/);
});

test("an HttpError becomes its problem document where it is thrown, and outer middleware still marks it", async () => {
  const app = appOf(() => {
    throw new HttpError(409, { code: "TAKEN", detail: "That name is taken.", headers: { "x-a": "1" } });
  }, [mark("a"), mark("b")]);
  const lines = await linesOf(async () => {
    const response = await get(app, "/");
    assert.equal(response.status, 409);
    assert.equal(response.headers.get("x-order"), "b, a");
    assert.equal(response.headers.get("x-a"), "1");
    assert.deepEqual(await response.json(), {
      type: "about:blank",
      title: "Conflict",
      status: 409,
      detail: "That name is taken.",
      code: "TAKEN",
    });
  });
  assert.deepEqual(lines, []);
});

test("next() resolves where something below throws, and context.error holds the cause", async () => {
  const cause = new Error("boom");
  let seen: unknown;
  const outer: Middleware = async (_request, context, next) => {
    const response = await next();
    seen = [response.status, context.error];
    return response;
  };
  await linesOf(() =>
    get(
      appOf(() => {
        throw cause;
      }, [outer]),
      "/",
    ),
  );
  assert.deepEqual(seen, [500, cause]);
});

test("what middleware throws before and after next() is answered in its place", async () => {
  const before: Middleware = () => {
    throw new HttpError(403);
  };
  const after: Middleware = async (_request, _context, next) => {
    await next();
    throw new HttpError(503);
  };
  const denied = await get(appOf(hi, [mark("a"), before]), "/");
  const late = await get(appOf(hi, [mark("a"), after]), "/");
  assert.deepEqual([denied.status, denied.headers.get("x-order")], [403, "a"]);
  assert.deepEqual([late.status, late.headers.get("x-order")], [503, "a"]);
});

test("in production a 500 tells nothing, and the log tells all", async () => {
  const app = appOf(() => {
    throw new Error("password is hunter2", { cause: new TypeError("inner") });
  });
  let body = "";
  const lines = await linesOf(async () => {
    const response = await get(app, "/");
    assert.equal(response.status, 500);
    body = await response.text();
  });
  assert.equal(body, '{"type":"about:blank","title":"Internal Server Error","status":500}');
  const error = errorOf(lines[0]);
  assert.deepEqual([lines[0]?.level, lines[0]?.route, error.message], ["error", "/[[...path]]", "password is hunter2"]);
  assert.match(String(error.stack), /app\.test/);
  assert.equal(error.cause?.message, "inner");
});

test("in dev a 500 carries the message and the stack", async () => {
  const app = appOf(
    () => {
      throw new Error("boom");
    },
    [],
    { dev: true },
  );
  await linesOf(async () => {
    const document = await (await get(app, "/")).json();
    assert.equal(document.detail, "Error: boom");
    assert.match(document.error.stack, /app\.test/);
  });
});

test("thrown values that are no errors are answered and logged too", async () => {
  for (const thrown of [undefined, null, "text", 7, { a: 1n }]) {
    const lines = await linesOf(async () => {
      const response = await get(
        appOf(() => {
          throw thrown;
        }),
        "/",
      );
      assert.equal(response.status, 500);
    });
    assert.equal(lines[0]?.message, "unhandled error");
  }
});

test("_error.ts answers what is no HttpError, with the cause at hand", async () => {
  const error = (_request: Request, context: Context) =>
    new Response(`sorry: ${(context.error as Error).message}`, { status: 500 });
  const app = appOf(
    () => {
      throw new Error("boom");
    },
    [mark("a")],
    { error },
  );
  await linesOf(async () => {
    const response = await get(app, "/");
    assert.equal(await response.text(), "sorry: boom");
    assert.equal(response.headers.get("x-order"), "a");
  });
});

test("an _error.ts that fails, or gives no Response, leaves a plain 500", async () => {
  const broken = () => {
    throw new Error("in the error page");
  };
  // @ts-expect-error: the types forbid it, JavaScript does not
  const empty: () => Response = () => undefined;
  for (const error of [broken, empty]) {
    const app = appOf(
      () => {
        throw new Error("boom");
      },
      [],
      { error },
    );
    const lines = await linesOf(async () => assert.equal((await get(app, "/")).status, 500));
    assert.deepEqual(
      lines.map((line) => line.message),
      ["unhandled error", "error handling failed"],
    );
  }
});

test("a route module is loaded on first use, once, and tried again when that failed", async () => {
  let loads = 0;
  const route: Route = {
    pattern: "/x",
    middleware: [],
    module: async () => {
      if (++loads === 1) throw new Error("cold");
      return { GET: hi };
    },
  };
  const app = createApp(onePattern(["x"], route), { middleware: [mark("root")] });
  await linesOf(async () => {
    const first = await get(app, "/x");
    assert.deepEqual([first.status, first.headers.get("x-order")], [500, "root"]);
  });
  assert.equal((await get(app, "/x")).status, 200);
  assert.equal((await get(app, "/x")).status, 200);
  assert.equal(loads, 2);
});

test("HEAD is answered by GET without its content, and keeps the headers", async () => {
  let cancelled = false;
  const body = () =>
    new ReadableStream({
      cancel() {
        cancelled = true;
      },
    });
  const app = appOf({ GET: () => new Response(body(), { status: 203, headers: { "content-length": "9" } }) }, [
    mark("a"),
  ]);
  const response = await app.fetch(new Request(`${ORIGIN}/`, { method: "HEAD" }));
  assert.deepEqual([response.status, response.body], [203, null]);
  assert.deepEqual([response.headers.get("content-length"), response.headers.get("x-order")], ["9", "a"]);
  assert.equal(cancelled, true);
});

test("two Set-Cookie lines stay two, also through HEAD", async () => {
  const headers = new Headers([
    ["set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"],
    ["set-cookie", "b=2"],
  ]);
  const app = appOf(() => new Response("x", { headers }));
  for (const method of ["GET", "HEAD"]) {
    assert.equal((await app.fetch(new Request(ORIGIN, { method }))).headers.getSetCookie().length, 2);
  }
});

test("many routes share the app's state, and apps share nothing", async () => {
  const key = { name: "counter" };
  const GET = (_request: Request, context: Context) => {
    const counter = context.shared(key, () => ({ n: 0 }));
    return new Response(String(++counter.n));
  };
  const rows = ["a", "b"].map((name): Row => [[name], { pattern: `/${name}`, module: { GET }, middleware: [] }]);
  const [one, two] = [createApp(createRouter(rows)), createApp(createRouter(rows))];
  const counts = [await get(one, "/a"), await get(one, "/b"), await get(two, "/a")];
  assert.deepEqual(await Promise.all(counts.map((response) => response.text())), ["1", "2", "1"]);
});

test("bytes without a type are octets, also through HEAD, and an answer without a body has no type", async () => {
  const app = appOf(() => new Response(new Uint8Array([1]), { status: 201, headers: [["set-cookie", "a=1"]] }));
  for (const method of ["GET", "HEAD"]) {
    const { status, headers } = await app.fetch(new Request(ORIGIN, { method }));
    assert.deepEqual(
      [status, headers.get("content-type"), headers.getSetCookie()],
      [201, "application/octet-stream", ["a=1"]],
    );
  }
  assert.equal(
    (
      await get(
        appOf(() => new Response(null)),
        "/",
      )
    ).headers.get("content-type"),
    null,
  );
});

test("dot segments are resolved before routing, on platforms that hand them over as well", async () => {
  const seen: string[] = [];
  const app = createApp((path) => {
    seen.push(path);
    return undefined;
  });
  for (const url of ["http://a/x/../y", "http://a/%2e%2E/z", "http://a/x/.well-known?q=/../b"]) {
    const raw = new Request("http://a/");
    Object.defineProperty(raw, "url", { value: url });
    await app.fetch(raw);
  }
  assert.deepEqual(seen, ["/y", "/z", "/x/.well-known"]);
});

test("an answer at hand is in the execution when fetch returns, and a late one when its promise is kept", async () => {
  const late = async () => new Response("late");
  for (const [handler, atOnce] of [
    [hi, true],
    [late, false],
  ] as const) {
    const app = appOf(handler);
    await get(app, "/"); // takes the route in
    const given = execution();
    const promise = app.fetch(new Request(ORIGIN), given);
    assert.equal(given.answer !== undefined, atOnce);
    assert.equal(await promise, given.answer);
  }
});
