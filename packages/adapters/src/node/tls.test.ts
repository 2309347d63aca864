import assert from "node:assert/strict";
import { once as event } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from "node:http2";
import { request as open } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ServeOptions } from "./index.ts";
import { type Answer, deferred, withServer } from "./serve.fixture.ts";
import { cert, key } from "./tls.fixture.ts";

const tls = { cert, key };

async function withSession(
  answer: Answer,
  use: (session: ClientHttp2Session, url: URL) => Promise<void>,
  options: ServeOptions = {},
): Promise<void> {
  await withServer(
    answer,
    async (url) => {
      const session = connect(url, { ca: cert });
      session.on("error", () => {});
      try {
        await use(session, url);
      } finally {
        session.destroy();
      }
    },
    { tls, ...options },
  );
}

async function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string | Uint8Array) {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const [fields] = await event(stream, "response");
  return { fields, text: Buffer.concat(await stream.toArray()).toString() };
}

const echo: Answer = async (request) => Response.json([request.method, request.url, await request.text()]);

test("HTTP/2 is spoken to clients that ask for it", async () => {
  await withSession(echo, async (session, url) => {
    const { fields, text } = await ask(session, { ":method": "POST", ":path": "/a?b" }, "grüße");
    assert.equal(fields[":status"], 200);
    assert.deepEqual(JSON.parse(text), ["POST", `${url.origin}/a?b`, "grüße"]);
  });
});

test("HTTP/1.1 is spoken on the same port to the others", async () => {
  await withServer(
    echo,
    async (url) => {
      const outgoing = open(url, { ca: cert, agent: false });
      outgoing.end();
      const [incoming] = await event(outgoing, "response");
      assert.equal(incoming.httpVersion, "1.1");
      assert.deepEqual(JSON.parse(Buffer.concat(await incoming.toArray()).toString()), ["GET", url.href, ""]);
    },
    { tls },
  );
});

test("http2: false leaves HTTP/1.1 alone", async () => {
  await withServer(
    echo,
    async (url) => {
      const session = connect(url, { ca: cert });
      const [error] = await event(session, "error");
      assert.ok(error instanceof Error);
    },
    { tls, http2: false },
  );
});

test("HTTP/2 answers keep two cookies, drop fields of one connection, and have no content where there is none", async () => {
  const answer: Answer = (request) =>
    request.url.endsWith("/none")
      ? new Response(null, { status: 204 })
      : new Response("content", {
          headers: [
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
            ["connection", "keep-alive"],
            ["keep-alive", "timeout=5"],
          ],
        });
  await withSession(answer, async (session) => {
    const { fields, text } = await ask(session, { ":path": "/" });
    assert.deepEqual(fields["set-cookie"], ["a=1", "b=2"]);
    assert.equal(fields.connection, undefined);
    assert.equal(fields["content-length"], "7");
    assert.equal(text, "content");
    assert.equal((await ask(session, { ":method": "HEAD", ":path": "/" })).text, "");
    const none = await ask(session, { ":path": "/none" });
    assert.equal(none.fields[":status"], 204);
    assert.equal(none.fields["content-length"], undefined);
  });
});

test("HTTP/2 requests with a wrong authority, method or size are refused", async () => {
  await withSession(
    echo,
    async (session) => {
      const status = async (headers: OutgoingHttpHeaders, body?: string) =>
        (await ask(session, headers, body)).fields[":status"];
      await assert.rejects(status({ ":path": "/", ":authority": "user@host" }), /PROTOCOL_ERROR/);
      assert.equal(await status({ ":path": "/", ":authority": "host:port" }), 400);
      assert.equal(await status({ ":path": "/", ":authority": "a.test", host: "b.test" }), 400);
      assert.equal(await status({ ":path": "/", ":method": "TRACE" }), 405);
      assert.equal(await status({ ":path": "/", ":method": "POST" }, "x".repeat(11)), 413);
      assert.equal(await status({ ":path": "/" }), 200);
    },
    { limits: { bodyBytes: 10 } },
  );
});

test("HTTP/2 streams both ways, and a client that goes away aborts the request", async () => {
  const cancelled = deferred<string>();
  const aborted = deferred<string>();
  const answer: Answer = (request) => {
    if (request.body) return new Response(request.body);
    request.signal.addEventListener("abort", () => aborted.resolve(request.signal.reason.name));
    return new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("first")),
        cancel: (reason) => cancelled.resolve(reason.name),
      }),
    );
  };
  await withSession(answer, async (session) => {
    const bytes = "0123456789".repeat(100_000);
    assert.equal((await ask(session, { ":method": "POST", ":path": "/" }, bytes)).text, bytes);
    const stream = session.request({ ":path": "/" });
    stream.on("error", () => {});
    await event(stream, "data");
    stream.close(8); // CANCEL
    assert.equal(await cancelled.promise, "AbortError");
    assert.equal(await aborted.promise, "AbortError");
  });
});

test("an HTTP/2 body that fails midway resets its stream and leaves the connection", async () => {
  const answer: Answer = (request) =>
    request.url.endsWith("/fails")
      ? new Response(
          new ReadableStream({
            async pull(controller) {
              controller.enqueue(new TextEncoder().encode("some"));
              await new Promise((resolve) => setTimeout(resolve, 5));
              controller.error(new Error("midway"));
            },
          }),
        )
      : new Response("fine");
  await withSession(answer, async (session) => {
    const stream = session.request({ ":path": "/fails" });
    await assert.rejects(stream.toArray());
    assert.equal((await ask(session, { ":path": "/" })).text, "fine");
  });
});

test("close lets HTTP/2 streams finish and then ends their session", async () => {
  const go = deferred();
  const begun = deferred();
  const answer: Answer = async () => {
    begun.resolve();
    await go.promise;
    return new Response("finished");
  };
  await withServer(
    answer,
    async (url, server) => {
      const session = connect(url, { ca: cert });
      const response = ask(session, { ":path": "/" });
      await begun.promise;
      const closed = server.close();
      go.resolve();
      assert.equal((await response).text, "finished");
      assert.equal(await closed, true);
      assert.ok(session.closed);
    },
    { tls },
  );
});

test("an HTTP/2 body that does not come in time, or has no end, resets its stream", async () => {
  const limits = { requestTime: 50, bodyBytes: 100_000 };
  const answer: Answer = (request) => (request.url.endsWith("/unread") ? new Response("unread") : echo(request, never));
  await withSession(
    answer,
    async (session) => {
      const slow = session.request({ ":method": "POST", ":path": "/" }, { endStream: false });
      slow.write("half");
      await assert.rejects(event(slow, "response"));
      const endless = session.request({ ":method": "POST", ":path": "/unread" }, { endStream: false });
      endless.on("error", () => {});
      endless.write(new Uint8Array(200_000));
      await new Promise((resolve) => endless.on("close", resolve));
      assert.equal(endless.rstCode, 11);
      assert.equal((await ask(session, { ":path": "/" })).fields[":status"], 200);
    },
    { limits },
  );
});

test("an HTTP/2 answer outlives the request's time when the body came whole and nobody reads it", async () => {
  const gate = deferred();
  await withSession(
    () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            await gate.promise;
            controller.enqueue(Buffer.from("late"));
            controller.close();
          },
        }),
      ),
    async (session) => {
      const stream = session.request({ ":method": "POST", ":path": "/" }, { endStream: false });
      stream.end("unread");
      await event(stream, "response");
      setTimeout(gate.resolve, 150);
      assert.equal(Buffer.concat(await stream.toArray()).toString(), "late");
    },
    { limits: { requestTime: 50 } },
  );
});

const never = { env: {}, waitUntil: () => {}, platform: { name: "none", raw: undefined } };

test("TLS files are read by path, and one that is missing is named", async () => {
  const folder = mkdtempSync(join(tmpdir(), "godwit-tls-"));
  try {
    const paths = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    writeFileSync(paths.cert, cert);
    await assert.rejects(
      withServer(echo, async () => {}, { tls: paths }),
      { code: "TLS_FILE_UNREADABLE", message: /key\.pem/ },
    );
    writeFileSync(paths.key, key);
    await withServer(echo, async (url) => assert.equal(url.protocol, "https:"), { tls: paths });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
