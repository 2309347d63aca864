import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { test } from "node:test";
import { fetchFrom } from "./client.ts";
import { listenAt } from "./listen.ts";

async function serving(listener: RequestListener, run: (origin: URL) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  const origin = await listenAt(server, 0, "127.0.0.1");
  try {
    await run(origin);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("a request arrives with the origin, path and header bytes that the caller wrote", () =>
  serving(
    (message, answer) => {
      message.setEncoding("utf8");
      let body = "";
      message.on("data", (chunk) => {
        body += chunk;
      });
      message.on("end", () => {
        const { url, method, headers } = message;
        answer.end(JSON.stringify([method, headers.host, url, headers["x-own"], body]));
      });
    },
    async (origin) => {
      const request = new Request("http://app.test/a%2Fb?q", {
        method: "PUT",
        body: "é",
        headers: { "x-own": "\xe9" },
      });
      assert.deepEqual(await (await fetchFrom(origin, request)).json(), ["PUT", "app.test", "/a%2Fb?q", "\xe9", "é"]);
    },
  ));

test("an answer is neither followed, decoded nor joined", () =>
  serving(
    (_, answer) => {
      const fields = ["location", "/next", "set-cookie", "a=1, 2", "set-cookie", "b=2", "content-encoding", "gzip"];
      answer.writeHead(302, "Over There", fields).end("raw");
    },
    async (origin) => {
      const response = await fetchFrom(origin, new Request(origin));
      assert.equal(response.status, 302);
      assert.equal(response.statusText, "Over There");
      assert.deepEqual(response.headers.getSetCookie(), ["a=1, 2", "b=2"]);
      assert.equal(await response.text(), "raw");
    },
  ));

test("an answer that takes no body has none", () =>
  serving(
    (_, answer) => void answer.writeHead(304).end(),
    async (origin) => {
      const response = await fetchFrom(origin, new Request(origin));
      assert.equal(response.status, 304);
      assert.equal(response.body, null);
    },
  ));

test("an aborted request rejects with an AbortError", () =>
  serving(
    () => {},
    async (origin) => {
      const abort = new AbortController();
      const answer = fetchFrom(origin, new Request(origin, { signal: abort.signal }));
      abort.abort();
      await assert.rejects(answer, { name: "AbortError" });
    },
  ));

test("a port in use is told as such", () =>
  serving(
    () => {},
    async (origin) => {
      await assert.rejects(listenAt(createServer(), Number(origin.port), "127.0.0.1"), {
        code: "PORT_IN_USE",
        message: new RegExp(origin.port),
      });
    },
  ));
