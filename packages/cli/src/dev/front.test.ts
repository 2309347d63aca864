import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, request, type Server } from "node:http";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { createFront } from "./front.ts";
import { scriptWith } from "./inject.ts";

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return address && typeof address === "object" ? address.port : 0;
}

interface Stood {
  port: number;
  upstream: Server;
}

async function stand(t: TestContext, listener: RequestListener, start?: Promise<void>): Promise<Stood> {
  const upstream = createServer(listener);
  const behind = await listen(t, upstream);
  const front = createFront({
    async lease() {
      await start;
      return { url: new URL(`http://127.0.0.1:${behind}`), release() {} };
    },
    clientHeader: "x-client-secret",
    own: () => false,
    onAnswer() {},
  });
  return { port: await listen(t, front), upstream };
}

async function get(
  port: number,
  headers: readonly string[] = [],
): Promise<{ response: IncomingMessage; text: string }> {
  const outgoing = request({ port, host: "127.0.0.1", headers: ["host", "app.test", ...headers] });
  const [response] = (await once(outgoing.end(), "response")) as [IncomingMessage]; // node:http's one argument
  let text = "";
  for await (const chunk of response) text += chunk;
  return { response, text };
}

test("headers pass both ways as they were written, duplicates included", async (t) => {
  let seen: string[] = [];
  const { port } = await stand(t, (incoming, answer) => {
    seen = incoming.rawHeaders;
    answer.writeHead(200, ["Set-Cookie", "a=1", "set-cookie", "b=2", "X-Odd", "\xe9"]).end("ok");
  });
  const { response } = await get(port, ["X-Twice", "1", "x-twice", "2", "Accept-Encoding", "gzip"]);
  assert.deepEqual(seen.slice(0, 2), ["x-client-secret", "127.0.0.1"]);
  assert.deepEqual(seen.slice(2, 10), ["host", "app.test", "X-Twice", "1", "x-twice", "2", "Accept-Encoding", "gzip"]);
  assert.deepEqual(response.rawHeaders.slice(0, 6), ["Set-Cookie", "a=1", "set-cookie", "b=2", "X-Odd", "\xe9"]);
});

test("bodies stream both ways, and an abort of the client reaches the app", async (t) => {
  const aborted = Promise.withResolvers<void>();
  const { port } = await stand(t, (incoming, answer) => {
    answer.on("close", () => aborted.resolve());
    incoming.on("data", (chunk: Buffer) => answer.write(`got ${chunk}`));
  });
  const outgoing = request({ port, host: "127.0.0.1", method: "POST" });
  outgoing.on("error", () => {});
  outgoing.write("one");
  const [response] = (await once(outgoing, "response")) as [IncomingMessage]; // as above
  const [first] = await once(response, "data");
  assert.equal(String(first), "got one");
  outgoing.write("two");
  const [second] = await once(response, "data");
  assert.equal(String(second), "got two");
  response.on("error", () => {});
  outgoing.destroy();
  await aborted.promise;
});

test("an answer that breaks off is not passed on as whole", async (t) => {
  const { port } = await stand(t, (_incoming, answer) => {
    answer.write("half");
    setImmediate(() => answer.destroy());
  });
  await assert.rejects(get(port));
});

test("a request that comes before the runtime waits for it", async (t) => {
  const started = Promise.withResolvers<void>();
  const { port } = await stand(t, (_incoming, answer) => void answer.end("late"), started.promise);
  const answer = get(port);
  setImmediate(started.resolve);
  assert.equal((await answer).text, "late");
});

test("a runtime that did not start is a problem for programs and the overlay for browsers", async (t) => {
  const failed = Promise.reject(new Error("no workerd"));
  failed.catch(() => {});
  const { port } = await stand(t, () => {}, failed);
  const { response, text } = await get(port);
  assert.equal(response.statusCode, 502);
  assert.equal((JSON.parse(text) as { detail: string }).detail, "no workerd");
  const page = await get(port, ["accept", "text/html"]);
  assert.match(page.text, /overlay\.js/);
  assert.doesNotMatch(page.text, /workerd/);
});

test("connections that are upgraded pass bytes both ways", async (t) => {
  const { port, upstream } = await stand(t, () => {});
  upstream.on("upgrade", (_incoming, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello ");
    socket.pipe(socket);
  });
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    if (!text.includes("hello") && String(chunk).includes("hello")) socket.write("you");
    text += chunk;
  });
  while (!text.endsWith("hello you")) await once(socket, "data");
  assert.match(text, /^HTTP\/1\.1 101 /);
});

/** The nonce is another one in each server. */
const SCRIPT = scriptWith("");
const plain = (text: string) => text.replace(/(?<=nonce=")[\w-]{22}/, "");

const PAGE = "<html><head><title>é</title></HEAD><body>x</body></html>";

for (const [what, chunks, expected] of [
  ["before the end of the head", [PAGE], PAGE.replace("</HEAD>", `${SCRIPT}</HEAD>`)],
  ["across chunks", ["<p></he", "ad>", "y"], `<p>${SCRIPT}</head>y`],
  ["at the end where there is no head", ["<p>", "</"], `<p></${SCRIPT}`],
] as const) {
  test(`a page gets the script ${what}, and its length is right`, async (t) => {
    const length = chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk), 0);
    const { port } = await stand(t, async (_incoming, answer) => {
      answer.writeHead(200, { "content-type": "text/html", "content-length": length });
      for (const chunk of chunks) await new Promise<void>((resolve) => answer.write(chunk, () => resolve()));
      answer.end();
    });
    const { response, text } = await get(port, ["accept", "text/html,*/*", "sec-fetch-dest", "document"]);
    assert.equal(plain(text), expected);
    assert.equal(Number(response.headers["content-length"]), Buffer.byteLength(text));
  });
}

test("what is no page of a browser stays as it is", async (t) => {
  const { port } = await stand(t, (incoming, answer) => {
    const type = incoming.headers["x-type"] ?? "text/html";
    const encoding = incoming.headers["x-encoding"];
    answer.writeHead(200, ["content-type", String(type), ...(encoding ? ["content-encoding", String(encoding)] : [])]);
    answer.end(PAGE);
  });
  const accept = ["accept", "text/html"];
  assert.equal((await get(port)).text, PAGE);
  assert.equal((await get(port, [...accept, "sec-fetch-dest", "empty"])).text, PAGE);
  assert.equal((await get(port, [...accept, "x-type", "text/plain"])).text, PAGE);
  assert.equal((await get(port, [...accept, "x-encoding", "br"])).text, PAGE);
  assert.notEqual((await get(port, accept)).text, PAGE);
});

test("a page's policy lets the overlay in, and so does the one of an answer that it has not changed", async (t) => {
  const { port } = await stand(t, (incoming, answer) => {
    const status = Number(incoming.headers["x-status"] ?? 200);
    const headers = { "content-type": "text/html", "content-security-policy": "script-src 'strict-dynamic'" };
    answer.writeHead(status, headers).end(status === 304 ? undefined : PAGE);
  });
  const accept = ["accept", "text/html"];
  const { response, text } = await get(port, accept);
  const nonce = /nonce="([\w-]{22})"/.exec(text)?.[1];
  const expected = `script-src 'strict-dynamic'; script-src-elem 'strict-dynamic' 'nonce-${nonce}'`;
  assert.equal(response.headers["content-security-policy"], expected);
  const kept = await get(port, [...accept, "x-status", "304"]);
  assert.equal(kept.response.headers["content-security-policy"], expected);
  assert.equal((await get(port)).response.headers["content-security-policy"], "script-src 'strict-dynamic'");
});
