import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, get, ORIGIN } from "../app.fixture.ts";
import { HttpError } from "../errors.ts";
import { type CorsOptions, cors } from "./cors.ts";

const PAGE = "https://app.example";
const simple = (options?: CorsOptions, origin: string | null = PAGE) =>
  get(
    appOf(() => new Response("hi"), [cors(options)]),
    "/",
    origin ? { origin } : {},
  );
const preflight = (options?: CorsOptions, headers: Record<string, string> = {}) =>
  appOf(() => assert.fail("the handler ran"), [cors(options)]).fetch(
    new Request(ORIGIN, {
      method: "OPTIONS",
      headers: { origin: PAGE, "access-control-request-method": "PUT", ...headers },
    }),
  );
const allowed = (response: Response) => response.headers.get("access-control-allow-origin");

test("by default any page may read, without credentials, and caches need not vary", async () => {
  const response = await simple();
  assert.deepEqual([allowed(response), response.headers.get("vary"), await response.text()], ["*", null, "hi"]);
  assert.equal(response.headers.get("access-control-allow-credentials"), null);
});

test("a listed origin is named back, another gets nothing, and caches vary either way", async () => {
  const options = { origin: [PAGE, "null"], credentials: true, exposeHeaders: ["x-a", "x-b"] };
  const yes = await simple(options);
  assert.deepEqual([allowed(yes), yes.headers.get("vary")], [PAGE, "Origin"]);
  assert.equal(yes.headers.get("access-control-allow-credentials"), "true");
  assert.equal(yes.headers.get("access-control-expose-headers"), "x-a, x-b");
  assert.equal(allowed(await simple(options, "null")), "null");
  for (const origin of ["https://app.example.evil.example", "http://app.example", "https://APP.example", null]) {
    const no = await simple(options, origin);
    assert.deepEqual([no.status, allowed(no), no.headers.get("vary")], [200, null, "Origin"], String(origin));
  }
});

test("a function may decide", async () => {
  const options = { origin: async (origin: string) => origin.endsWith(".example") };
  assert.equal(allowed(await simple(options)), PAGE);
  assert.equal(allowed(await simple(options, "https://evil.test")), null);
});

test("a preflight is answered in place of the handler", async () => {
  const response = await preflight({ origin: PAGE, maxAge: 600 }, { "access-control-request-headers": "x-a" });
  assert.deepEqual([response.status, allowed(response)], [204, PAGE]);
  assert.equal(response.headers.get("access-control-allow-methods"), "GET, HEAD, PUT, PATCH, POST, DELETE");
  assert.equal(response.headers.get("access-control-allow-headers"), "x-a");
  assert.equal(response.headers.get("access-control-max-age"), "600");
  assert.equal(response.headers.get("vary"), "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
});

test("a preflight may be told other methods and headers, and a stranger's gets neither", async () => {
  const named = await preflight(
    { methods: ["QUERY"], allowHeaders: ["x-b"] },
    { "access-control-request-headers": "x-a" },
  );
  assert.equal(named.headers.get("access-control-allow-methods"), "QUERY");
  assert.equal(named.headers.get("access-control-allow-headers"), "x-b");
  const stranger = await preflight({ origin: "https://other.example" });
  assert.deepEqual([stranger.status, allowed(stranger)], [204, null]);
  assert.equal(stranger.headers.get("access-control-allow-methods"), null);
});

test("OPTIONS that is no preflight goes on to the route", async () => {
  const app = appOf({ GET: () => new Response() }, [cors()]);
  const response = await app.fetch(new Request(ORIGIN, { method: "OPTIONS", headers: { origin: PAGE } }));
  assert.deepEqual([response.headers.get("allow"), allowed(response)], ["GET, HEAD, OPTIONS", "*"]);
});

test("errors carry the headers too, so that a page can read them", async () => {
  const app = appOf(() => {
    throw new HttpError(401);
  }, [cors()]);
  assert.equal(allowed(await get(app, "/", { origin: PAGE })), "*");
});

test("an answer with immutable headers is marked on a copy", async () => {
  const app = appOf(() => Response.redirect("https://a.example/"), [cors()]);
  const response = await get(app, "/", { origin: PAGE });
  assert.deepEqual([response.status, allowed(response)], [302, "*"]);
});

test("credentials for any origin are refused when the app starts", () => {
  for (const origin of [undefined, "*", ["*"]]) {
    assert.throws(() => cors({ origin, credentials: true }), { code: "CORS_CREDENTIALS_ANY" });
  }
});
