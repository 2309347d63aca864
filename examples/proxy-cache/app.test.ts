import assert from "node:assert/strict";
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { App } from "@godwit/core";
import { loadApp } from "godwit";

/** The app before a small origin server on loopback. */
async function proxied(t: TestContext, origin: (request: IncomingMessage, response: ServerResponse) => void) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    origin(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo; // it listens on a port
  const app: App = await loadApp(import.meta.dirname);
  const env = { ORIGIN: `http://127.0.0.1:${port}` };
  const ask = async (path: string, init?: RequestInit) => {
    const request = new Request(`http://localhost${path}`, init);
    const execution = { env, waitUntil() {}, platform: { name: "test", raw: undefined } };
    const response = await app.fetch(request, execution);
    return { response, text: await response.text(), did: response.headers.get("cache-status")?.split("; ")[1] };
  };
  return { ask, seen, app, env };
}

test("what the origin lets be shared is asked for once, and comes with its age", async (t) => {
  const { ask, seen } = await proxied(t, (request, response) => {
    response.setHeader("cache-control", "max-age=60").end(`you asked ${request.url}`);
  });
  const [first, second] = [await ask("/a?b=c"), await ask("/a?b=c")];
  assert.deepEqual([first.text, first.did], ["you asked /a?b=c", "fwd=uri-miss"]);
  assert.deepEqual([second.text, second.did], ["you asked /a?b=c", "hit"]);
  assert.match(second.response.headers.get("age") ?? "", /^\d+$/);
  assert.equal((await ask("/a")).did, "fwd=uri-miss");
  assert.equal(seen.length, 2);
});

test("what must be validated is, and the body is sent once", async (t) => {
  const { ask, seen } = await proxied(t, (request, response) => {
    response.setHeader("etag", '"1"').setHeader("cache-control", "no-cache");
    if (request.headers["if-none-match"] === '"1"') response.writeHead(304).end();
    else response.end("whole");
  });
  await ask("/");
  const again = await ask("/");
  assert.deepEqual(
    [again.text, again.response.headers.get("cache-status")?.includes("fwd-status=304")],
    ["whole", true],
  );
  assert.equal(seen.length, 2);
});

test("methods, bodies, redirects and cookies pass as they are", async (t) => {
  const { ask } = await proxied(t, (request, response) => {
    response.writeHead(
      303,
      [
        ["location", "/next"],
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
      ].flat(),
    );
    request.pipe(response);
  });
  const { response, text } = await ask("/", { method: "POST", body: "grüße" });
  assert.deepEqual([response.status, text, response.headers.get("location")], [303, "grüße", "/next"]);
  assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
});

test("no path leads to another host", async (t) => {
  const { ask, seen } = await proxied(t, (request, response) => void response.end(`here: ${request.url}`));
  assert.equal((await ask("//example.com/x")).response.status, 404);
  assert.equal((await ask("/http://example.com/x")).response.status, 404);
  assert.equal(seen.length, 0);
  assert.equal((await ask("/@example.com:80/x?//y")).text, "here: /@example.com:80/x?//y");
});

test("an origin that gives no answer is a 502, and one that is cut is not stored", async (t) => {
  const { ask, seen } = await proxied(t, (request, response) => {
    if (request.url === "/none") return void request.socket.destroy();
    response.writeHead(200, { "cache-control": "max-age=60", "content-length": "10" });
    response.write("half", () => request.socket.destroy());
  });
  assert.equal((await ask("/none")).response.status, 502);
  for (let n = 0; n < 2; n++) await assert.rejects(ask("/cut"));
  assert.equal(seen.filter(({ url }) => url === "/cut").length, 2);
});

test("answers before the final one pass on Node, once, and are not stored", async (t) => {
  const { app, env, seen } = await proxied(t, (_request, response) => {
    response.socket?.write("HTTP/1.1 103 Early Hints\r\nlink: what Node does not take\r\n\r\n");
    response.writeProcessing();
    response.writeEarlyHints({ link: "</a.css>; rel=preload; as=style", "x-early": "1" });
    response.writeHead(200, { "cache-control": "max-age=60" }).end("final");
  });
  const server = createServer(async (request, response) => {
    const platform = { name: "node", raw: { request, response } };
    const answer = await app.fetch(new Request("http://localhost/"), { env, platform, waitUntil() {} });
    response.setHeaders(answer.headers).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo; // it listens on a port
  const ask = () =>
    new Promise<unknown[]>((resolve, reject) => {
      const early: unknown[] = [];
      const request = get({ port }, (answer) => {
        answer.resume().on("end", () => resolve([...early, answer.statusCode, answer.headers["x-early"]]));
      });
      request.on("information", ({ statusCode, headers }) => early.push(statusCode, headers.link));
      request.on("error", reject);
    });
  assert.deepEqual(await ask(), [102, undefined, 103, "</a.css>; rel=preload; as=style", 200, undefined]);
  assert.deepEqual(await ask(), [200, undefined]);
  assert.equal(seen.length, 1);
});

test("encoded bytes pass as they are, and are kept apart by what a client takes", async (t) => {
  const packed = gzipSync("whole");
  const { app, env } = await proxied(t, (request, response) => {
    const isPacked = request.headers["accept-encoding"] === "gzip";
    response.writeHead(200, {
      "cache-control": "max-age=60",
      vary: "accept-encoding",
      ...(isPacked && { "content-encoding": "gzip" }),
    });
    response.end(isPacked ? packed : "whole");
  });
  const platform = { name: "test", raw: undefined };
  const ask = async (encoding: string) => {
    const request = new Request("http://localhost/", { headers: { "accept-encoding": encoding } });
    const answer = await app.fetch(request, { env, platform, waitUntil() {} });
    return { fields: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
  };
  for (const did of ["miss", "hit"]) {
    const [gzip, plain] = [await ask("gzip"), await ask("identity")];
    assert.deepEqual([gzip.fields.get("content-encoding"), gzip.bytes], ["gzip", packed]);
    assert.deepEqual([plain.fields.get("content-encoding"), plain.bytes.toString()], [null, "whole"]);
    assert.match(plain.fields.get("cache-status") ?? "", new RegExp(did));
  }
});

test("content is framed whatever the method, so that the origin takes none of it for a request", async (t) => {
  const got: string[] = [];
  const { ask } = await proxied(t, (request, response) => {
    request.setEncoding("utf8").on("data", (text: string) => got.push(`${request.method} ${request.url} ${text}`));
    request.on("end", () => response.end("done"));
  });
  const body = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
  for (const method of ["DELETE", "OPTIONS", "POST", "QUERY"])
    assert.equal((await ask("/", { method, body })).text, "done");
  assert.deepEqual(
    got,
    ["DELETE", "OPTIONS", "POST", "QUERY"].map((method) => `${method} / ${body}`),
  );
});

test("an answer is of what the origin was sent: a field that Connection names selects none", async (t) => {
  const { ask, seen } = await proxied(t, ({ headers }, response) => {
    response.setHeader("cache-control", "max-age=60").setHeader("vary", "x-a").end(`x-a: ${headers["x-a"]}`);
  });
  const odd = await ask("/", { headers: { connection: "x-a", "x-a": "1" } });
  assert.deepEqual([odd.text, odd.did], ["x-a: undefined", "fwd=bypass"]);
  const plain = await ask("/", { headers: { connection: "keep-alive, TE", te: "trailers", "x-a": "1" } });
  assert.deepEqual([plain.text, plain.did], ["x-a: 1", "fwd=uri-miss"]);
  assert.equal(seen[1]?.headers.te, undefined);
});
