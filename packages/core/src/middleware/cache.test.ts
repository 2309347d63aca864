import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { appOf, errorOf, execution, linesOf, ORIGIN } from "../app.fixture.ts";
import { open } from "../stores/memory.ts";
import { openStores } from "../stores/open.ts";
import type { KeyValueStore } from "../stores/store.ts";
import type { App, Handler } from "../types.ts";
import { type CacheOptions, cache } from "./cache.ts";

const NOW = Date.UTC(2026, 9, 21, 7, 28, 0);
const freeze = (t: TestContext) => t.mock.timers.enable({ apis: ["Date"], now: NOW });

interface Asked {
  app: App;
  /** The requests that reached the handler. */
  seen: Request[];
  ask(headers?: HeadersInit, path?: string, method?: string): Promise<Response>;
}

/** An app behind a cache, whose handler is told how often it was called before. */
function cached(
  handler: (request: Request, count: number) => Response | Promise<Response>,
  options?: CacheOptions,
  store?: KeyValueStore,
): Asked {
  const seen: Request[] = [];
  const counting: Handler = (request) => handler(request, seen.push(request));
  const stores = store && openStores({ main: { open: () => store } });
  const app = appOf(counting, [cache(store ? { store: "main", ...options } : options)], stores ? { stores } : {});
  return {
    app,
    seen,
    ask: (headers, path = "/", method = "GET") => app.fetch(new Request(ORIGIN + path, { method, headers })),
  };
}

const answer = (fields: HeadersInit) => (_request: Request, count: number) =>
  new Response(`body ${count}`, { headers: fields });
/** What an answer says, once it is read to its end. */
async function said(response: Response): Promise<string> {
  const body = await response.text();
  await turn();
  return `${response.status} ${body} | ${response.headers.get("cache-status")}`;
}

test("a fresh answer is stored as it passes and served with its age", async (t) => {
  freeze(t);
  const { ask } = cached(answer({ "cache-control": "max-age=60", "x-a": "1", connection: "x-b", "x-b": "2" }));
  assert.equal(await said(await ask()), "200 body 1 | godwit; fwd=uri-miss; fwd-status=200; stored");
  t.mock.timers.tick(20_000);
  const hit = await ask();
  const fields = Object.fromEntries(hit.headers);
  assert.deepEqual([fields.age, fields["x-a"], fields["x-b"], fields["content-length"]], ["20", "1", undefined, "6"]);
  assert.equal(fields.date, "Wed, 21 Oct 2026 07:28:00 GMT");
  assert.equal(await said(hit), "200 body 1 | godwit; hit; ttl=40");
  t.mock.timers.tick(40_000);
  assert.match(await said(await ask()), /^200 body 2 \| godwit; fwd=(uri-miss|stale)/);
});

test("what is not to be shared passes on", async () => {
  const answers: Record<string, string>[] = [
    {},
    { "cache-control": "private, max-age=9" },
    { "cache-control": "max-age=9", "set-cookie": "a=1" },
    { "cache-control": "max-age=9", vary: "*" },
  ];
  for (const fields of answers) {
    const { ask } = cached(answer(fields));
    await said(await ask());
    assert.equal(await said(await ask()), "200 body 2 | godwit; fwd=uri-miss; fwd-status=200", JSON.stringify(fields));
  }
});

test("options speak where the answer does not", async (t) => {
  freeze(t);
  const { ask } = cached((_request, count) => new Response(`${count}`, { status: count === 1 ? 404 : 200 }), {
    ttl: 60,
    negative: { 404: 1 },
  });
  await said(await ask());
  assert.match(await said(await ask()), /^404 1 \| godwit; hit; ttl=1$/);
  t.mock.timers.tick(2000);
  await said(await ask());
  t.mock.timers.tick(59_000);
  assert.match(await said(await ask()), /^200 2 \| godwit; hit/);
});

test("HEAD, ranges and conditions are answered from what GET stored", async () => {
  const { ask, seen } = cached(
    answer({ "cache-control": "max-age=60", etag: '"a"', "last-modified": "Wed, 21 Oct 2026 07:28:00 GMT" }),
  );
  await said(await ask());
  const head = await ask({}, "/", "HEAD");
  assert.deepEqual([head.status, head.headers.get("content-length"), head.body], [200, "6", null]);
  const part = await ask({ range: "bytes=0-3" });
  assert.deepEqual([part.status, part.headers.get("content-range"), await part.text()], [206, "bytes 0-3/6", "body"]);
  assert.equal((await ask({ range: "bytes=6-" })).status, 416);
  const conditions: Record<string, string>[] = [
    { "if-none-match": 'W/"a"' },
    { "if-modified-since": "Wed, 21 Oct 2026 07:28:00 GMT" },
  ];
  for (const condition of conditions) {
    const same = await ask(condition);
    assert.deepEqual(
      [same.status, same.headers.get("etag"), same.headers.get("content-length"), same.body],
      [304, '"a"', null, null],
    );
  }
  assert.equal(
    (await ask({ "if-none-match": '"b"', "if-modified-since": "Wed, 21 Oct 2026 07:28:00 GMT" })).status,
    200,
  );
  assert.equal(seen.length, 1);
});

test("a stale answer is validated, and freshened by a 304", async (t) => {
  freeze(t);
  const { ask, seen } = cached((request, count) => {
    const headers = { etag: '"a"', "cache-control": "max-age=10", "x-count": `${count}` };
    return request.headers.get("if-none-match") === '"a"'
      ? new Response(null, { status: 304, headers })
      : new Response("whole", { headers });
  });
  await said(await ask());
  t.mock.timers.tick(11_000);
  const proven = await ask({ "if-none-match": '"b"', range: "bytes=0-1" });
  assert.deepEqual([proven.headers.get("x-count"), proven.headers.get("age")], ["2", "0"]);
  assert.equal(await said(proven), "206 wh | godwit; fwd=stale; fwd-status=304; stored; ttl=10");
  assert.deepEqual([seen[1]?.headers.get("if-none-match"), seen[1]?.headers.get("range")], ['"a"', null]);
  assert.equal(await said(await ask()), "200 whole | godwit; hit; ttl=10");
});

test("a 304 about another answer is not taken for ours", async (t) => {
  freeze(t);
  const { ask, seen } = cached((request, count) =>
    request.headers.has("if-none-match")
      ? new Response(null, { status: 304, headers: { etag: '"z"' } })
      : new Response(`${count}`, { headers: { etag: '"a"', "cache-control": "max-age=10" } }),
  );
  await said(await ask());
  t.mock.timers.tick(11_000);
  assert.match(await said(await ask()), /^200 3 /);
  assert.equal(seen.length, 3);
});

test("answers that vary are kept apart, and forgotten together", async () => {
  const { ask, seen } = cached(
    (request) =>
      new Response(request.headers.get("accept-language") ?? "none", {
        headers: { vary: "Accept-Language", "cache-control": "max-age=60" },
      }),
  );
  const english = { "accept-language": "en" };
  assert.match(await said(await ask(english)), /^200 en .*uri-miss/);
  assert.match(await said(await ask()), /^200 none .*vary-miss/);
  assert.match(await said(await ask(english)), /^200 en .*hit/);
  assert.match(await said(await ask()), /^200 none .*hit/);
  await ask({}, "/", "POST");
  assert.equal(seen.length, 3);
  await said(await ask());
  assert.match(await said(await ask(english)), /^200 en .*vary-miss/);
});

test("an unsafe method invalidates unless it failed, and wins over what is on its way", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { ask } = cached(async (request, count) => {
    if (request.method === "PUT") return new Response(null, { status: 204, headers: { location: "/other" } });
    if (request.method === "DELETE") return new Response(null, { status: 403 });
    if (count === 5) await promise;
    return new Response(`${count}`, { headers: { "cache-control": "max-age=60" } });
  });
  await said(await ask());
  await said(await ask({}, "/other"));
  await ask({}, "/", "DELETE");
  assert.match(await said(await ask()), /hit/);
  await ask({}, "/", "PUT");
  const slow = ask({}, "/other");
  await turn();
  await ask({}, "/other", "PUT");
  resolve();
  assert.match(await said(await slow), /^200 5 /);
  assert.match(await said(await ask({}, "/other")), /^200 7 .*uri-miss/);
});

test("a request may insist on the origin, or on the cache", async () => {
  const { ask } = cached(answer({ "cache-control": "max-age=60" }));
  const missing = await ask({ "cache-control": "only-if-cached" });
  assert.deepEqual([missing.status, (await missing.json()).code], [504, "NOT_CACHED"]);
  assert.equal(missing.headers.get("cache-status"), "godwit; detail=only-if-cached");
  assert.match(await said(await ask({ "cache-control": "no-store" })), /^200 body 1 .*fwd-status=200$/);
  assert.match(await said(await ask()), /^200 body 2 .*stored$/);
  assert.match(
    await said(await ask({ "cache-control": "no-cache" })),
    /^200 body 3 .*fwd=request; fwd-status=200; stored$/,
  );
  assert.match(await said(await ask({ "cache-control": "only-if-cached" })), /^200 body 3 .*hit/);
});

test("a stale answer is served at once while it is refreshed", async (t) => {
  freeze(t);
  const { app, ask, seen } = cached(answer({ "cache-control": "max-age=10, stale-while-revalidate=60" }));
  await said(await ask());
  t.mock.timers.tick(20_000);
  const work: Promise<unknown>[] = [];
  const asked = () => app.fetch(new Request(ORIGIN), execution({ waitUntil: (promise) => void work.push(promise) }));
  const both = await Promise.all([asked(), asked()]);
  for (const response of both) assert.equal(await said(response), "200 body 1 | godwit; hit; ttl=-10");
  await Promise.all(work);
  assert.equal(seen.length, 2);
  assert.equal(await said(await ask()), "200 body 2 | godwit; hit; ttl=10");
});

test("a stale answer stands in for a failing origin, where that is allowed", async (t) => {
  freeze(t);
  for (const [field, expected] of [
    [
      "max-age=10, stale-if-error=60",
      /^200 body \| godwit; fwd=stale; fwd-status=503; ttl=-10; detail=stale-if-error$/,
    ],
    ["max-age=10, stale-if-error=60, must-revalidate", /^503 down/],
    ["max-age=10", /^503 down/],
  ] as const) {
    const { ask } = cached((_request, count) =>
      count === 1
        ? new Response("body", { headers: { "cache-control": field } })
        : new Response("down", { status: 503 }),
    );
    await said(await ask());
    t.mock.timers.tick(20_000);
    assert.match(await said(await ask()), expected, field);
  }
});

test("concurrent misses wait for the first of them", async (t) => {
  freeze(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  const { ask, seen } = cached(async () => {
    await promise;
    return new Response("one", { headers: { "cache-control": "max-age=60" } });
  });
  const all = Array.from({ length: 50 }, () => ask());
  await turn();
  resolve();
  const texts = await Promise.all(all.map(async (response) => said(await response)));
  assert.equal(seen.length, 1);
  assert.equal(texts.filter((text) => text === "200 one | godwit; fwd=uri-miss; collapsed; ttl=60").length, 49);
});

test("concurrent requests for what is not to be shared each get their own", async () => {
  const { ask, seen } = cached(
    (_request, count) => new Response(`${count}`, { headers: { "cache-control": "private" } }),
  );
  const texts = await Promise.all(Array.from({ length: 5 }, async () => (await ask()).text()));
  assert.equal(new Set(texts).size, 5);
  assert.equal(seen.length, 5);
});

test("a body that is cut, too long or shorter than it says is not stored", async () => {
  const fields = { "cache-control": "max-age=60" };
  const cut = () => new ReadableStream({ pull: (controller) => controller.error(new Error("cut")) });
  const bodies: [() => BodyInit, HeadersInit][] = [
    [cut, fields],
    [() => "x".repeat(101), fields],
    [() => "short", { ...fields, "content-length": "9" }],
  ];
  for (const [body, headers] of bodies) {
    const { ask, seen } = cached(() => new Response(body(), { headers }), { maxBytes: 100 });
    await said(await ask()).catch(() => {});
    await said(await ask()).catch(() => {});
    assert.equal(seen.length, 2);
  }
});

test("a client that goes away leaves the whole behind", async () => {
  const { ask, seen } = cached(answer({ "cache-control": "max-age=60" }));
  await (await ask()).body?.cancel();
  await turn();
  assert.match(await said(await ask()), /^200 body 1 .*hit/);
  assert.equal(seen.length, 1);
});

test("a store that fails is a miss, told in Cache-Status and the log", async () => {
  const broken = async () => {
    throw new Error("no store");
  };
  const store = { get: broken, set: broken, delete: broken, list: broken };
  const { ask } = cached(answer({ "cache-control": "max-age=60" }), {}, store);
  const lines = await linesOf(async () => {
    assert.equal(await said(await ask()), "200 body 1 | godwit; fwd=miss; fwd-status=200; stored; detail=store-error");
    assert.match(await said(await ask()), /^200 body 2 /);
  });
  assert.equal(lines[0]?.message, "cache store failed");
});

test("a store that the function does not have is told in the log", async () => {
  const { ask } = cached(answer({ "cache-control": "max-age=60" }), { store: "main" });
  const lines = await linesOf(async () => assert.match(await said(await ask()), /^200 body 1 .*store-error$/));
  assert.equal(errorOf(lines[0]).code, "CACHE_STORE_MISSING");
});

test("what another version or somebody else wrote into the store is a miss", async () => {
  const store = open();
  await store.set(`cache:godwit:${ORIGIN}/`, "\0\0\0\u0005hello");
  const { ask } = cached(answer({ "cache-control": "max-age=60" }), {}, store);
  assert.match(await said(await ask()), /^200 body 1 .*stored/);
  assert.match(await said(await ask()), /^200 body 1 .*hit/);
});

test("an app may key answers itself, and keep requests out", async () => {
  const key = (request: Request) => (request.headers.has("x-preview") ? undefined : new URL(request.url).pathname);
  const { ask } = cached(answer({ "cache-control": "max-age=60" }), { key });
  await said(await ask({}, "/a?utm=1"));
  assert.match(await said(await ask({}, "/a?utm=2")), /^200 body 1 .*hit/);
  assert.equal(await said(await ask({ "x-preview": "1" }, "/a")), "200 body 2 | godwit; fwd=bypass");
  await ask({}, "/a", "POST");
  assert.match(await said(await ask({}, "/a")), /^200 body 4 /);
});

test("hosts are kept apart, by the URL that the platform made and no header", async () => {
  const { app, ask } = cached((request) => new Response(request.url, { headers: { "cache-control": "max-age=60" } }));
  await said(await ask({ "x-forwarded-host": "other.test" }));
  assert.match(await said(await ask({ host: "other.test" })), /^200 http:\/\/app\.test\/ .*hit/);
  assert.match(
    await said(await app.fetch(new Request("http://other.test/"))),
    /^200 http:\/\/other\.test\/ .*uri-miss/,
  );
});

test("instances share what is in one store, and what is forgotten there", async () => {
  const store = open();
  const [one, two] = [0, 1].map(() => cached(answer({ "cache-control": "max-age=60" }), {}, store));
  assert.ok(one && two);
  await said(await one.ask());
  assert.match(await said(await two.ask()), /^200 body 1 .*hit/);
  await one.ask({}, "/", "POST");
  assert.match(await said(await two.ask()), /^200 body 1 .*uri-miss/);
  assert.equal(two.seen.length, 1);
});

test("a variant that is not to be kept any more takes no other with it", async (t) => {
  freeze(t);
  const { ask } = cached((_request, count) => {
    const control = count === 3 ? "private" : "max-age=10";
    return new Response(`${count}`, { headers: { vary: "accept", etag: `"${count}"`, "cache-control": control } });
  });
  const english = { accept: "text/html" };
  await said(await ask(english));
  t.mock.timers.tick(8_000);
  await said(await ask());
  t.mock.timers.tick(4_000);
  assert.match(await said(await ask(english)), /^200 3 .*fwd=stale; fwd-status=200$/);
  assert.match(await said(await ask(english)), /^200 4 .*vary-miss/);
  assert.match(await said(await ask()), /^200 2 .*hit/);
});

test("a schedule runs its route", async () => {
  const { app, ask, seen } = cached(answer({ "cache-control": "max-age=60" }));
  await said(await ask());
  await said(await app.fetch(new Request(ORIGIN), execution({ trigger: "schedule" })));
  assert.equal(seen.length, 2);
});

test("what had no body and no type has none from the cache either", async () => {
  const { ask } = cached(
    () => new Response(null, { status: 302, headers: { location: "/a", "cache-control": "max-age=9" } }),
  );
  const fields = ({ status, headers }: Response) => [status, headers.get("location"), headers.get("content-type")];
  const first = await ask();
  await said(first);
  const hit = await ask();
  assert.match(hit.headers.get("cache-status") ?? "", /hit/);
  assert.deepEqual(fields(hit), fields(first));
  assert.deepEqual(fields(hit), [302, "/a", null]);
});
