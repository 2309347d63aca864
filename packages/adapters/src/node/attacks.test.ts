import assert from "node:assert/strict";
import { once as event } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { format } from "node:util";
import { once, raw } from "../_http/raw.fixture.ts";
import { deferred, withServer } from "./serve.fixture.ts";

const statuses = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status);

test("a transfer coding other than chunked, or one in HTTP/1.0, is refused before the app", async () => {
  let calls = 0;
  await withServer(
    () => {
      calls++;
      return new Response("ok");
    },
    async (url) => {
      const body = "5\r\nhello\r\n0\r\n\r\n";
      for (const [version, coding] of [
        ["1.1", "gzip, chunked"],
        ["1.0", "chunked"],
      ]) {
        const head = `POST / HTTP/${version}\r\nHost: ${url.host}\r\nConnection: keep-alive\r\n`;
        const answer = await raw(url, `${head}Transfer-Encoding: ${coding}\r\n\r\n${body}`);
        assert.deepEqual(statuses(answer), ["501"]);
        assert.match(answer, /^connection: close\r$/im);
      }
      assert.match(
        await once(url, "POST / HTTP/1.1", ["Host: a", "Transfer-Encoding: Chunked"], body),
        /^HTTP\/1.1 200/,
      );
    },
  );
  assert.equal(calls, 1);
});

test("one connection cannot take up the server by pipelining", async () => {
  const gate = deferred();
  let calls = 0;
  await withServer(
    async () => {
      calls++;
      await gate.promise;
      return new Response("ok");
    },
    async (url) => {
      const socket = connect(Number(url.port), "127.0.0.1");
      let answer = "";
      socket.on("data", (chunk) => {
        answer += chunk.toString("latin1");
      });
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(50));
      while (calls < 4) await new Promise((resolve) => setImmediate(resolve));
      gate.resolve();
      await event(socket, "close");
      assert.equal(calls, 4);
      assert.deepEqual(statuses(answer), ["200", "200", "200", "200", "503"]);
      assert.match(await once(url, "GET / HTTP/1.1"), /^HTTP\/1.1 200/);
    },
    { limits: { streams: 4 } },
  );
});

test("requests that are pipelined within the bound are all answered, in their order", async () => {
  await withServer(
    (request) => new Response(new URL(request.url).pathname),
    async (url) => {
      let text = "";
      for (let n = 0; n < 300; n += 3) {
        // A fresh depth each time: those that are done count no more.
        text += [n, n + 1, n + 2].map((at) => `GET /${at} HTTP/1.1\r\nHost: a\r\n\r\n`).join("");
      }
      const answer = await raw(url, text, /\/299$/);
      assert.deepEqual(
        [...answer.matchAll(/\r\n\r\n\/(\d+)/g)].map(([, n]) => Number(n)),
        Array.from({ length: 300 }, (_, n) => n),
      );
    },
    { limits: { streams: 300 } },
  );
});

test("an answer that HTTP cannot carry is a 500, and the connection goes on", async () => {
  const foreign = (init: object) => ({ status: 200, statusText: "", headers: new Headers(), body: null, ...init });
  const answers: object[] = [
    Response.error(),
    foreign({ status: 101 }),
    foreign({ status: 1000 }),
    foreign({ statusText: "a\r\nx: y" }),
    foreign({ headers: new Map([["x-a", "a\r\nb: c"]]) }),
    foreign({ body: "not a stream" }),
  ];
  const errors: unknown[] = [];
  const own = console.error;
  console.error = (error) => errors.push(error);
  try {
    await withServer(
      (request) => {
        const at = Number(new URL(request.url).pathname.slice(1));
        return (answers[at] ?? new Response("next")) as Response; // what plain JavaScript may return
      },
      async (url) => {
        for (const at of answers.keys()) {
          const head = `HTTP/1.1\r\nHost: a\r\n`;
          const answer = await raw(url, `GET /${at} ${head}\r\nGET /next ${head}Connection: close\r\n\r\n`);
          assert.deepEqual(statuses(answer), ["500", "200"], `answer ${at}`);
          assert.doesNotMatch(answer, /^(?:x|b):/im);
        }
      },
    );
  } finally {
    console.error = own;
  }
  assert.equal(errors.length, answers.length);
});

test("a stream whose chunk cannot be sent is cancelled", async () => {
  const cancelled = deferred<unknown>();
  const own = console.error;
  console.error = () => {};
  try {
    await withServer(
      () => {
        const pull = (controller: ReadableStreamDefaultController) => controller.enqueue("text");
        return new Response(new ReadableStream({ pull, cancel: cancelled.resolve }));
      },
      async (url) => {
        await once(url, "GET / HTTP/1.1");
        assert.ok((await cancelled.promise) instanceof TypeError);
      },
    );
  } finally {
    console.error = own;
  }
});

test("a connection without a request yet does not hold the end back", async () => {
  await withServer(
    () => new Response("ok"),
    async (url, server) => {
      const socket = connect(Number(url.port), "127.0.0.1");
      await event(socket, "connect");
      const closed = event(socket, "close");
      assert.equal(await server.close(), true);
      await closed;
    },
    { shutdown: { deadline: 60_000 } },
  );
});

test("a half-sent head is cut at the deadline, and counts as nothing that was left undone", async () => {
  await withServer(
    () => new Response("ok"),
    async (url, server) => {
      const socket = connect(Number(url.port), "127.0.0.1");
      socket.on("error", () => {});
      socket.write("GET / HTTP/1.1\r\n");
      await event(socket, "connect");
      const closed = new Promise((resolve) => socket.once("close", resolve));
      assert.equal(await server.close(), true);
      await closed;
    },
    { shutdown: { deadline: 50 } },
  );
});

test("a body of a GET is nobody's, and the next request of the connection is itself", async () => {
  for (const nativeRequest of [false, true]) {
    const seen: string[] = [];
    await withServer(
      async (request) => {
        seen.push(`${request.url.slice(-2)} ${request.body} ${await request.text()}`);
        return new Response("ok");
      },
      async (url) => {
        const hidden = "GET /c HTTP/1.1\r\nHost: a\r\n\r\n";
        const next = "GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        const head = `GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${hidden.length}\r\n\r\n`;
        assert.deepEqual(statuses(await raw(url, head + hidden + next)), ["200", "200"]);
      },
      { nativeRequest },
    );
    assert.deepEqual(seen.sort(), ["/a null ", "/b null "]);
  }
});

test("logs of failures hold the stack, not what clients put on their errors", async () => {
  const lines: string[] = [];
  const own = console.error;
  console.error = (...parts) => lines.push(format(...parts));
  try {
    await withServer(
      () => {
        throw Object.assign(new Error("upstream failed"), { config: { headers: { authorization: "Bearer abc" } } });
      },
      async (url) => {
        assert.match(await once(url, "GET / HTTP/1.1"), /^HTTP\/1.1 500/);
      },
    );
  } finally {
    console.error = own;
  }
  assert.match(lines.join("\n"), /upstream failed\n +at /);
  assert.doesNotMatch(lines.join("\n"), /abc/);
});

test("a client that is still sending when its connection is closed is not reset", async () => {
  await withServer(
    () => new Response("not read"),
    async (url) => {
      const socket = connect(Number(url.port), "127.0.0.1");
      const errors: Error[] = [];
      let answer = "";
      socket.on("error", (error) => errors.push(error));
      socket.on("data", (chunk) => {
        answer += chunk.toString("latin1");
      });
      socket.write("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 6000000\r\n\r\n");
      socket.write(Buffer.alloc(6_000_000));
      await new Promise((resolve) => socket.once("close", resolve));
      assert.match(answer, /not read$/);
      assert.deepEqual(errors, []);
    },
  );
});
