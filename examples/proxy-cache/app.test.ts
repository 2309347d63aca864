import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
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
  return { ask, seen };
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
