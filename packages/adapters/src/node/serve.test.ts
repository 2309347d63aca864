import assert from "node:assert/strict";
import { once as event } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import type { App } from "@godwit/core/types";
import { once, raw } from "../_http/raw.fixture.ts";
import { serve } from "./index.ts";
import { type Answer, withServer } from "./serve.fixture.ts";

const echo: Answer = async (request) =>
  Response.json({ method: request.method, url: request.url, body: await request.text() });

test("method, URL and body reach the app, and a small answer has its length", async () => {
  await withServer(echo, async (url) => {
    const response = await fetch(new URL("/a/b?c=d", url), { method: "POST", body: "grüße" });
    assert.equal(response.headers.get("content-length"), String((await response.clone().arrayBuffer()).byteLength));
    assert.deepEqual(await response.json(), { method: "POST", url: `${url.origin}/a/b?c=d`, body: "grüße" });
  });
});

test("two Set-Cookie fields stay two", async () => {
  const answer = () =>
    new Response("x", {
      headers: [
        ["set-cookie", "a=1, b"],
        ["set-cookie", "c=2"],
      ],
    });
  await withServer(answer, async (url) => {
    const response = await fetch(url);
    assert.deepEqual(response.headers.getSetCookie(), ["a=1, b", "c=2"]);
  });
});

test("HEAD, 204, 205 and 304 carry no content", async () => {
  const answer: Answer = (request) => {
    const status = Number(new URL(request.url).pathname.slice(1)) || 200;
    return status === 200 ? new Response("content") : new Response(null, { status });
  };
  await withServer(answer, async (url) => {
    const head = await once(url, "HEAD / HTTP/1.1");
    assert.match(head, /^HTTP\/1.1 200/);
    assert.match(head, /\r\n\r\n$/);
    assert.doesNotMatch(head, /transfer-encoding/i);
    for (const status of [204, 304]) {
      const text = await once(url, `GET /${status} HTTP/1.1`);
      assert.match(text, new RegExp(`^HTTP/1.1 ${status}`));
      assert.match(text, /\r\n\r\n$/);
      assert.doesNotMatch(text, /content-length|transfer-encoding/i);
    }
    assert.match(await once(url, "GET /205 HTTP/1.1"), /content-length: 0\r\n/i);
  });
});

test("an empty answer says that it is empty", async () => {
  await withServer(
    () => new Response(null),
    async (url) => assert.match(await once(url, "GET / HTTP/1.1"), /content-length: 0\r\n/i),
  );
});

test("the origin comes from Host, never from the path", async () => {
  await withServer(echo, async (url) => {
    const urlOf = async (line: string, host = url.host) =>
      /"url":"([^"]*)"/.exec(await once(url, line, [`Host: ${host}`]))?.[1];
    assert.equal(await urlOf("GET //evil.test/x HTTP/1.1"), `${url.origin}//evil.test/x`);
    assert.equal(await urlOf("GET /\\evil.test HTTP/1.1"), `${url.origin}//evil.test`);
    assert.equal(await urlOf("GET /@evil.test HTTP/1.1"), `${url.origin}/@evil.test`);
    assert.equal(await urlOf("GET / HTTP/1.1", "EXAMPLE.test:80"), "http://example.test/");
    assert.equal(await urlOf("GET / HTTP/1.1", "[::1]:8080"), "http://[::1]:8080/");
    assert.equal(await urlOf("GET http://good.test/x?y HTTP/1.1", "good.test"), "http://good.test/x?y");
    assert.match(await once(url, "GET http://evil.test/ HTTP/1.1"), /^HTTP\/1.1 400/);
  });
});

test("a Host that is not one is a 400", async () => {
  await withServer(echo, async (url) => {
    for (const host of [
      "a b",
      "user@host",
      "host/path",
      "host?x",
      "a#b",
      "host:port",
      "host:99999",
      "[::1",
      "a\\b",
      "",
    ]) {
      assert.match(await once(url, "GET / HTTP/1.1", [`Host: ${host}`]), /^HTTP\/1.1 400/, host);
    }
    assert.match(await once(url, "GET / HTTP/1.1", []), /^HTTP\/1.1 400/);
    assert.match(await once(url, "GET / HTTP/1.0", []), /^HTTP\/1.1 400/);
    assert.match(await once(url, "GET / HTTP/1.1", ["Host: a", "Host: b"]), /^HTTP\/1.1 400/);
  });
});

test("dot segments are resolved, and a path with bytes outside ASCII is refused", async () => {
  await withServer(echo, async (url) => {
    const urlOf = async (path: string) =>
      /"url":"([^"]*)"/.exec(await once(url, `GET ${path} HTTP/1.1`))?.[1]?.slice(url.origin.length);
    assert.equal(await urlOf("/a/../b/./c"), "/b/c");
    assert.equal(await urlOf("/a/%2e%2E/b"), "/b");
    assert.equal(await urlOf("/../../etc/passwd"), "/etc/passwd");
    assert.match(await once(url, "GET /caf\u00e9 HTTP/1.1"), /^HTTP\/1.1 400/);
    assert.equal(await urlOf("/a%2Fb?q=%zz"), "/a%2Fb?q=%zz");
    assert.equal(await urlOf("/a#b"), "/a");
  });
});

test("messages whose length could be read in two ways are refused", async () => {
  await withServer(echo, async (url) => {
    const host = `Host: ${url.host}`;
    const both = [host, "Content-Length: 5", "Transfer-Encoding: chunked"];
    assert.match(await once(url, "POST / HTTP/1.1", both, "0\r\n\r\n"), /^HTTP\/1.1 400/);
    const twice = [host, "Content-Length: 5", "Content-Length: 6"];
    assert.match(await once(url, "POST / HTTP/1.1", twice, "hello!"), /^HTTP\/1.1 400/);
    // RFC 9112 section 6.1 has a status of its own for it; node:http's parser, when it comes first, says 400.
    assert.match(await once(url, "POST / HTTP/1.1", [host, "Transfer-Encoding: xchunked"]), /^HTTP\/1.1 (?:501|400)/);
    assert.match(await once(url, "GET / HTTP/1.1", [host, "X: a\nB: c"]), /^HTTP\/1.1 (400|200)/);
    const bad = await once(url, "POST / HTTP/1.1", [host, "Transfer-Encoding: chunked"], "zz\r\nhello\r\n0\r\n\r\n");
    assert.doesNotMatch(bad, /^HTTP\/1.1 200/);
  });
});

test("TRACE, CONNECT and OPTIONS * get an answer and do not reach the app", async () => {
  let calls = 0;
  const count = () => {
    calls++;
    return new Response("reached");
  };
  await withServer(count, async (url) => {
    assert.match(await once(url, "TRACE / HTTP/1.1"), /^HTTP\/1.1 405[\s\S]*allow: GET/i);
    assert.match(await once(url, "CONNECT evil.test:443 HTTP/1.1"), /^HTTP\/1.1 405/);
    assert.match(await once(url, "OPTIONS * HTTP/1.1"), /^HTTP\/1.1 204/);
    assert.match(await once(url, "GET * HTTP/1.1"), /^HTTP\/1.1 400/);
    assert.equal(calls, 0);
  });
});

test("a connection is used again after an unread body", async () => {
  await withServer(
    () => new Response("ok"),
    async (url) => {
      const post = `POST / HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: 5\r\n\r\nhello`;
      const get = `GET / HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`;
      assert.equal((await raw(url, post + get)).match(/HTTP\/1.1 200/g)?.length, 2);
    },
  );
});

test("an app that throws is a 500 without its reason", async () => {
  await withServer(
    () => {
      throw new Error("secret reason");
    },
    async (url) => {
      const response = await fetch(url);
      assert.equal(response.status, 500);
      assert.doesNotMatch(await response.text(), /secret/);
    },
  );
});

test("the client's address is the socket's, and headers cannot change it", async () => {
  await withServer(
    (_request, execution) => new Response(execution.ip),
    async (url) => {
      const response = await fetch(url, { headers: { "x-forwarded-for": "6.6.6.6" } });
      assert.equal(await response.text(), "127.0.0.1");
    },
  );
});

test("trustProxy takes address, scheme and host from as many proxies as it names", async () => {
  const answer: Answer = (request, execution) => Response.json([execution.ip, request.url]);
  const headers = {
    "x-forwarded-for": "6.6.6.6, 1.2.3.4",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "public.test",
  };
  const expected = ["1.2.3.4", "https://public.test/"];
  for (const trustProxy of [1, ["127.0.0.0/8"]]) {
    await withServer(answer, async (url) => assert.deepEqual(await (await fetch(url, { headers })).json(), expected), {
      trustProxy,
    });
  }
});

test("the port of the answer is free again after close", async () => {
  const app: App = { fetch: async () => new Response("x") };
  const first = await serve(app, { port: 0, host: "127.0.0.1" });
  const port = Number(first.url.port);
  await assert.rejects(serve(app, { port, host: "127.0.0.1" }), { code: "PORT_IN_USE" });
  await first.close();
  const socket = connect(port, "127.0.0.1");
  const [error] = await event(socket, "error");
  assert.equal(error.code, "ECONNREFUSED");
});
