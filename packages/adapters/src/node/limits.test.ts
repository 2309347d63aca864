import assert from "node:assert/strict";
import { test } from "node:test";
import { once, raw } from "../_http/raw.fixture.ts";
import { type Answer, deferred, withServer } from "./serve.fixture.ts";

const echo: Answer = async (request) => new Response(await request.text());
const small = { limits: { bodyBytes: 10 } };

test("a body over the limit is a 413 before the app is called, where its length is declared", async () => {
  let calls = 0;
  const answer: Answer = () => {
    calls++;
    return new Response();
  };
  await withServer(
    answer,
    async (url) => {
      const response = await fetch(url, { method: "POST", body: "x".repeat(11) });
      assert.equal(response.status, 413);
      assert.equal((await response.json()).code, "BODY_TOO_LARGE");
      assert.equal(calls, 0);
      assert.equal((await fetch(url, { method: "POST", body: "x".repeat(10) })).status, 200);
    },
    small,
  );
});

test("a chunked body over the limit is a 413, whatever the app makes of it", async () => {
  const chunked = "6\r\nhello \r\n6\r\nworld!\r\n0\r\n\r\n";
  const swallow: Answer = async (request) => {
    await request.json().catch(() => {});
    return new Response("fine", { status: 200 });
  };
  const viaStream: Answer = async (request) => new Response(await new Response(request.body).text());
  for (const answer of [echo, swallow, viaStream]) {
    await withServer(
      answer,
      async (url) => {
        const headers = [`Host: ${url.host}`, "Transfer-Encoding: chunked"];
        assert.match(await once(url, "POST / HTTP/1.1", headers, chunked), /^HTTP\/1.1 413/);
      },
      small,
    );
  }
});

test("an unread body without an end is cut after the limit", async () => {
  await withServer(
    () => new Response("ok"),
    async (url) => {
      const head = `POST / HTTP/1.1\r\nHost: ${url.host}\r\nTransfer-Encoding: chunked\r\n\r\n`;
      const chunk = `400\r\n${"x".repeat(1024)}\r\n`;
      assert.match(await raw(url, head + chunk.repeat(64)), /^HTTP\/1.1 200/); // settles: the server closes
    },
    { limits: { bodyBytes: 2048 } },
  );
});

test("too many header bytes or fields are a 431", async () => {
  await withServer(
    echo,
    async (url) => {
      const host = `Host: ${url.host}`;
      assert.match(await once(url, "GET / HTTP/1.1", [host, `X: ${"x".repeat(3000)}`]), /^HTTP\/1.1 431/);
      const fields = (count: number) => [host, ...Array.from({ length: count - 2 }, (_, at) => `X-${at}: 1`)];
      assert.match(await once(url, "GET / HTTP/1.1", fields(20)), /^HTTP\/1.1 200/); // with Connection: 20
      assert.match(await once(url, "GET / HTTP/1.1", fields(21)), /^HTTP\/1.1 431/);
      assert.match(await once(url, "GET / HTTP/1.1", fields(60)), /^HTTP\/1.1 431/);
    },
    { limits: { headerBytes: 2048, headerCount: 20 } },
  );
});

test("a head or a body that does not come in time is a 408", async () => {
  await withServer(
    echo,
    async (url) => {
      assert.match(await raw(url, "GET / HTTP/1.1\r\nHost: "), /^HTTP\/1.1 408/);
      const slow = `POST / HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: 10\r\n\r\nhalf`;
      assert.match(await raw(url, slow), /^(HTTP\/1.1 408|$)/);
    },
    { limits: { headerTime: 100, requestTime: 200 } },
  );
});

test("requests over the concurrency are told to come again", async () => {
  const go = deferred();
  const begun = deferred();
  const answer: Answer = async () => {
    begun.resolve();
    await go.promise;
    return new Response("served");
  };
  await withServer(
    answer,
    async (url) => {
      const first = fetch(url);
      await begun.promise;
      const second = await fetch(url);
      assert.equal(second.status, 503);
      assert.equal(second.headers.get("retry-after"), "1");
      go.resolve();
      assert.equal(await (await first).text(), "served");
    },
    { limits: { concurrency: 1 } },
  );
});

test("a client that stops reading is cut after the stall time", async () => {
  const cancelled = deferred<string>();
  const answer: Answer = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)),
        cancel: (reason) => cancelled.resolve(reason.name),
      }),
    );
  await withServer(
    answer,
    async (url) => {
      const response = await fetch(url);
      assert.equal(await cancelled.promise, "AbortError");
      await response.body?.cancel();
    },
    { limits: { stall: 50 } },
  );
});

test("100 Continue is sent when the body is wanted, not before", async () => {
  await withServer(
    (request) => (request.url.endsWith("/read") ? echo(request, never) : new Response("unread")),
    async (url) => {
      const head = (path: string, length: number) =>
        `POST ${path} HTTP/1.1\r\nHost: ${url.host}\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
      assert.match(await raw(url, head("/read", 5), /\r\n\r\n/), /^HTTP\/1.1 100 Continue\r\n\r\n$/);
      const unread = await raw(url, head("/", 5));
      assert.match(unread, /^HTTP\/1.1 200/);
      assert.match(unread, /connection: close/i);
      assert.match(await raw(url, head("/read", 11)), /^HTTP\/1.1 413/);
      const other = `POST / HTTP/1.1\r\nHost: ${url.host}\r\nExpect: magic\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
      assert.match(await raw(url, other), /^HTTP\/1.1 417/);
    },
    small,
  );
});

const never = { env: {}, waitUntil: () => {}, platform: { name: "none", raw: undefined } };
