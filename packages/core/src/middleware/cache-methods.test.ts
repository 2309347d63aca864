import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { appOf, execution, ORIGIN } from "../app.fixture.ts";
import type { Handler } from "../types.ts";
import { type CacheOptions, cache } from "./cache.ts";

const NOW = Date.UTC(2026, 9, 21, 7, 28, 0);
const freeze = (t: TestContext) => t.mock.timers.enable({ apis: ["Date"], now: NOW });

/** An app behind a cache; `seen` has the methods that reached its handler. */
function cached(handler: (request: Request, count: number) => Response | Promise<Response>, options?: CacheOptions) {
  const seen: string[] = [];
  const counting: Handler = (request) => handler(request, seen.push(request.method));
  const app = appOf(counting, [cache(options)]);
  const ask = async (method: string, init: RequestInit & { duplex?: "half" } = {}, path = "/") => {
    const response = await app.fetch(new Request(ORIGIN + path, { ...init, method }));
    const text = await response.text();
    await turn();
    const [, did = "", ...rest] = response.headers.get("cache-status")?.split("; ") ?? [];
    return { response, text, did, rest };
  };
  return { app, seen, ask };
}

/** What is asked, and how often the handler was. */
const echo = async (request: Request, count: number) =>
  new Response(`${count}: ${await request.text()}`, {
    headers: { "cache-control": "max-age=60", etag: `"${count}"` },
  });
const json = { "content-type": "application/json" };

test("a QUERY is answered by its content and what describes it (RFC 10008 section 2.7)", async () => {
  const { ask } = cached(echo);
  const one = { body: '{"a":1}', headers: json };
  assert.deepEqual([(await ask("QUERY", one)).text, (await ask("QUERY", one)).did], ['1: {"a":1}', "hit"]);
  assert.equal((await ask("QUERY", { ...one, body: '{"a":2}' })).text, '2: {"a":2}');
  assert.equal((await ask("QUERY", { ...one, headers: { "content-type": "text/plain" } })).text, '3: {"a":1}');
  assert.equal((await ask("QUERY", { ...one, headers: { ...json, "content-language": "de" } })).text, '4: {"a":1}');
  assert.equal((await ask("QUERY", one, "/?b")).text, '5: {"a":1}');
  const again = await ask("QUERY", one);
  assert.deepEqual([again.text, again.did], ['1: {"a":1}', "hit"]);
});

test("a GET is not answered with what a QUERY got, nor the other way round, whatever field a client sends", async () => {
  const { ask } = cached(echo);
  await ask("QUERY", { body: "" });
  assert.equal((await ask("GET", { headers: { "godwit-content": "x" } })).did, "fwd=uri-miss");
  const forged = await ask("QUERY", { body: "other", headers: { "godwit-content": "x" } });
  assert.deepEqual([forged.text, forged.did], ["3: other", "fwd=vary-miss"]);
  assert.equal((await ask("GET")).did, "hit");
});

test("a change to a URI forgets what QUERY got there (RFC 9111 section 4.4)", async () => {
  const { ask } = cached(echo);
  for (const body of ["a", "b"]) await ask("QUERY", { body });
  await ask("POST", { body: "change" });
  for (const body of ["a", "b"]) assert.equal((await ask("QUERY", { body })).did.slice(0, 3), "fwd");
});

test("a QUERY may be conditional, take a part, vary, and insist", async () => {
  const { ask } = cached((request, count) => {
    const headers = { "cache-control": "max-age=60", etag: '"a"', vary: "accept" };
    return new Response(`${count}: ${request.headers.get("accept")}`, { headers });
  });
  const query = (headers: Record<string, string>) => ask("QUERY", { body: "q", headers });
  await query({ accept: "x" });
  assert.equal((await query({ accept: "x", "if-none-match": '"a"' })).response.status, 304);
  const part = await query({ accept: "x", range: "bytes=0-0" });
  assert.deepEqual([part.response.status, part.text], [206, "1"]);
  assert.equal((await query({ accept: "y" })).text, "2: y");
  assert.equal((await query({ accept: "x" })).did, "hit");
  assert.equal((await query({ accept: "x", "cache-control": "no-cache" })).text, "3: x");
});

test("a stale QUERY is validated and refreshed with its content", async (t) => {
  freeze(t);
  const { app, ask, seen } = cached(async (request, count) => {
    const body = await request.text();
    const isSame = request.headers.get("if-none-match") === '"1"' && count < 3;
    return new Response(isSame ? null : `${count}: ${body}`, {
      status: isSame ? 304 : 200,
      headers: { "cache-control": "max-age=10, stale-while-revalidate=5", etag: '"1"' },
    });
  });
  const given = { body: "q" };
  await ask("QUERY", given);
  t.mock.timers.tick(20_000);
  const proven = await ask("QUERY", given);
  assert.deepEqual([proven.text, proven.did, proven.rest[0]], ["1: q", "fwd=stale", "fwd-status=304"]);
  t.mock.timers.tick(12_000);
  const work: Promise<unknown>[] = [];
  const request = new Request(ORIGIN, { method: "QUERY", ...given });
  await app.fetch(request, execution({ waitUntil: (promise) => void work.push(promise) }));
  await Promise.all(work);
  assert.deepEqual([(await ask("QUERY", given)).text, seen.length], ["3: q", 3]);
});

test("equal questions at one time wait for the first, other ones do not", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { ask, seen } = cached(async (request, count) => {
    await promise;
    return echo(request, count);
  });
  const all = ["a", "b", "a", "b", "a"].map((body) => ask("QUERY", { body }));
  for (let n = 0; n < 20; n++) await turn();
  resolve();
  assert.deepEqual(new Set((await Promise.all(all)).map(({ text }) => text.slice(3))), new Set(["a", "b"]));
  assert.equal(seen.length, 2);
});

test("a long content passes whole and goes past the cache, whether or not its length is told", async () => {
  const { ask, seen } = cached(async (request, count) => {
    const text = await request.text();
    return new Response(`${count}: ${text.length} ${text.at(-1)}`, { headers: { "cache-control": "max-age=60" } });
  });
  const long = `${"x".repeat(70_000)}y`;
  const stream = () => {
    const chunks = [long.slice(0, 50_000), long.slice(50_000, 66_000), long.slice(66_000)];
    return new ReadableStream({
      pull(controller) {
        const chunk = chunks.shift();
        if (chunk) controller.enqueue(new TextEncoder().encode(chunk));
        else controller.close();
      },
    });
  };
  for (const [count, init] of [
    [1, { body: long, headers: { "content-length": "70001" } }],
    [2, { body: stream(), duplex: "half" as const }],
    [3, { body: stream(), duplex: "half" as const }],
  ] as const) {
    const { text, did } = await ask("QUERY", init);
    assert.deepEqual([text, did], [`${count}: 70001 y`, "fwd=bypass"]);
  }
  assert.equal(seen.length, 3);
});

test("a HEAD freshens what its validators prove, and GET is served from it (RFC 9111 section 4.3.5)", async (t) => {
  freeze(t);
  const { ask, seen } = cached((request, count) => {
    const headers = { "cache-control": "max-age=10", etag: '"a"', "x-count": `${count}`, "content-length": "4" };
    return new Response(request.method === "HEAD" ? null : "body", { headers });
  });
  await ask("GET");
  t.mock.timers.tick(11_000);
  const head = await ask("HEAD");
  assert.deepEqual([head.did, head.rest], ["fwd=stale", ["fwd-status=200", "stored"]]);
  const { response, text, did } = await ask("GET");
  assert.deepEqual([text, did, response.headers.get("x-count"), seen.join()], ["body", "hit", "2", "GET,HEAD"]);
});

test("a HEAD is validated as a HEAD, and a 304 answers it", async (t) => {
  freeze(t);
  const { ask, seen } = cached((request) => {
    const isSame = request.headers.get("if-none-match") === '"a"';
    const headers = { "cache-control": "max-age=10", etag: '"a"' };
    return new Response(isSame ? null : "body", { status: isSame ? 304 : 200, headers });
  });
  await ask("GET");
  t.mock.timers.tick(11_000);
  const head = await ask("HEAD");
  assert.deepEqual([head.response.status, head.response.headers.get("content-length"), head.text], [200, "4", ""]);
  assert.deepEqual([(await ask("GET")).did, seen.join()], ["hit", "GET,HEAD"]);
});

test("a HEAD that tells of another response forgets the stored one, one that proves nothing leaves it", async (t) => {
  freeze(t);
  const stored = { "cache-control": "max-age=60", etag: '"a"', "last-modified": "Wed, 21 Oct 2026 07:00:00 GMT" };
  for (const [fields, expected, status = 200] of [
    [{ ...stored, etag: '"b"' }, "fwd=uri-miss"],
    [{ ...stored, "last-modified": "Wed, 21 Oct 2026 07:01:00 GMT" }, "fwd=uri-miss"],
    [{ ...stored, "content-length": "5" }, "fwd=uri-miss"],
    [{ "content-length": "5" }, "fwd=uri-miss"],
    [{ ...stored, "cache-control": "no-store" }, "fwd=uri-miss"],
    [{ ...stored, etag: 'W/"a"' }, "hit"],
    [{ "content-length": "4" }, "hit"],
    [{}, "hit"],
    [{ etag: '"b"' }, "hit", 404],
  ] as [Record<string, string>, string, number?][]) {
    const { ask } = cached((request) =>
      request.method === "HEAD"
        ? new Response(null, { status, headers: fields })
        : new Response("body", { headers: stored }),
    );
    await ask("GET");
    await ask("HEAD", { headers: { "cache-control": "no-cache" } });
    assert.equal((await ask("GET")).did, expected, JSON.stringify([fields, status]));
  }
});

test("an answer to POST that names itself and a lifetime is what GET gets (RFC 9110 section 9.3.3)", async () => {
  for (const [fields, expected] of [
    [{ "cache-control": "max-age=60", "content-location": "/" }, "hit"],
    [{ "cache-control": "max-age=60", "content-location": "/other" }, "fwd=uri-miss"],
    [{ "cache-control": "max-age=60" }, "fwd=uri-miss"],
    [{ "content-location": "/" }, "fwd=uri-miss"],
    [{ "cache-control": "max-age=60, private", "content-location": "/" }, "fwd=uri-miss"],
  ] as [Record<string, string>, string][]) {
    const { ask } = cached((request) => new Response(request.method, { headers: fields }), { ttl: 60 });
    const { did, rest } = await ask("POST", { body: "x" });
    assert.deepEqual([did, rest.includes("stored")], ["fwd=method", expected === "hit"]);
    assert.equal((await ask("GET")).did, expected, JSON.stringify(fields));
  }
});
