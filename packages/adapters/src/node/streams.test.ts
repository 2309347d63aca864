import assert from "node:assert/strict";
import { once as event } from "node:events";
import { createServer, request as open } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { once, raw } from "../_http/raw.fixture.ts";
import { type Answer, deferred, withServer } from "./serve.fixture.ts";

const MIB = 1024 * 1024;

test("the head and each chunk of a stream arrive before the next is written", async () => {
  const go = deferred();
  const answer: Answer = () =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          await go.promise;
          controller.enqueue(new TextEncoder().encode("late"));
          controller.close();
        },
      }),
      { headers: { "x-early": "yes" } },
    );
  await withServer(answer, async (url) => {
    const response = await fetch(url); // resolves with the head alone
    assert.equal(response.headers.get("x-early"), "yes");
    go.resolve();
    assert.equal(await response.text(), "late");
  });
});

test("header bytes outside ASCII stay the bytes they are, whatever the body", async () => {
  const later = () =>
    new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        controller.enqueue(new TextEncoder().encode("late"));
        controller.close();
      },
    });
  const bodies: Record<string, () => BodyInit | null> = { none: () => null, text: () => "grüße", later };
  const answer: Answer = (request) => {
    const name = new URL(request.url).pathname.slice(1);
    return new Response(bodies[name]?.(), { headers: { "x-name": `${request.headers.get("x-name")}` } });
  };
  await withServer(answer, async (url) => {
    for (const name of Object.keys(bodies)) {
      const head = `GET /${name} HTTP/1.1\r\nHost: ${url.host}\r\nX-Name: caf\xe9\r\nConnection: close\r\n\r\n`;
      assert.match(await raw(url, Buffer.from(head, "latin1")), /x-name: caf\xe9\r\n/, name);
    }
  });
});

test("a client that does not read holds the stream back", async () => {
  let pulled = 0;
  const answer: Answer = () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          pulled++;
          controller.enqueue(new Uint8Array(MIB));
          if (pulled === 200) controller.close();
        },
      }),
    );
  await withServer(answer, async (url) => {
    const outgoing = open(url);
    outgoing.end();
    const [incoming] = await event(outgoing, "response");
    let before = -1;
    // Pulling stops once the buffers of both sockets are full.
    while (before !== pulled) {
      before = pulled;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(pulled < 100, `${pulled} chunks were pulled for a client that reads none`);
    let bytes = 0;
    for await (const chunk of incoming) bytes += chunk.length;
    assert.equal(bytes, 200 * MIB);
  });
});

test("a handler that does not read holds the client back", async () => {
  const go = deferred();
  const answer: Answer = async (request) => {
    await go.promise;
    let bytes = 0;
    for await (const chunk of request.body ?? []) bytes += chunk.length;
    return Response.json(bytes);
  };
  const options = { limits: { bodyBytes: 100 * MIB } };
  await withServer(
    answer,
    async (url) => {
      const outgoing = open(url, { method: "POST", headers: { "content-length": 64 * MIB } });
      let accepted = 0;
      for (let at = 0; at < 64; at++) outgoing.write(new Uint8Array(MIB), () => accepted++);
      outgoing.end();
      let before = -1;
      while (before !== accepted) {
        before = accepted;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.ok(accepted < 32, `${accepted} MiB were taken that nobody read`);
      go.resolve();
      const [incoming] = await event(outgoing, "response");
      assert.equal(Buffer.concat(await incoming.toArray()).toString(), String(64 * MIB));
    },
    options,
  );
});

test("binary bodies come through unchanged in both directions, chunked and not", async () => {
  const answer: Answer = async (request) => new Response(request.body ?? (await request.arrayBuffer()));
  await withServer(answer, async (url) => {
    // Of one write with its head, of one write of its own, of many.
    for (const length of [256, 20_000, 300_000]) {
      const bytes = Uint8Array.from({ length }, (_, at) => (at * 7) % 256);
      for (const body of [bytes, new Blob([bytes]).stream()]) {
        const response = await fetch(url, { method: "POST", body, duplex: "half" } as RequestInit); // the DOM's types lack duplex
        assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes);
      }
    }
  });
});

test("a client that goes away aborts request.signal and cancels the answer", async () => {
  const aborted = deferred<unknown>();
  const cancelled = deferred<unknown>();
  const answer: Answer = (request) => {
    request.signal.addEventListener("abort", () => aborted.resolve(request.signal.reason.name));
    return new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("first")),
        cancel: (reason) => cancelled.resolve(reason.name),
      }),
    );
  };
  await withServer(answer, async (url) => {
    await raw(url, `GET / HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`, /first/);
    assert.equal(await aborted.promise, "AbortError");
    assert.equal(await cancelled.promise, "AbortError");
  });
});

test("a client that goes away before the answer aborts request.signal", async () => {
  const begun = deferred();
  const aborted = deferred<boolean>();
  const answer: Answer = (request) => {
    begun.resolve();
    return new Promise((resolve) => {
      request.signal.addEventListener("abort", () => {
        aborted.resolve(request.signal.aborted);
        resolve(new Response("nobody reads this"));
      });
    });
  };
  await withServer(answer, async (url) => {
    const controller = new AbortController();
    const response = fetch(url, { signal: controller.signal }).catch((error) => error.name);
    await begun.promise;
    controller.abort();
    assert.equal(await aborted.promise, true);
    assert.equal(await response, "AbortError");
  });
});

test("request.signal stays quiet when the answer was complete", async () => {
  let signal: AbortSignal | undefined;
  const answer: Answer = (request) => {
    signal = request.signal;
    return new Response("done");
  };
  await withServer(answer, async (url) => {
    await once(url, "GET / HTTP/1.1");
    assert.equal(signal?.aborted, false);
  });
});

test("a body that fails midway is seen as cut, not as complete", async () => {
  const answer: Answer = () => {
    let sent = false;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          if (sent) throw new Error("midway");
          sent = true;
          controller.enqueue(new TextEncoder().encode("some"));
          await new Promise((resolve) => setTimeout(resolve, 20));
        },
      }),
    );
  };
  await withServer(answer, async (url) => {
    const text = await once(url, "GET / HTTP/1.1");
    assert.match(text, /^HTTP\/1.1 200/);
    assert.match(text, /some/);
    assert.doesNotMatch(text, /0\r\n\r\n$/);
    await assert.rejects(fetch(url).then((response) => response.text()));
  });
});

test("a stream longer or shorter than its content-length cannot reach into the next answer", async () => {
  for (const text of ["too long by far", "no"]) {
    const answer: Answer = () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            controller.enqueue(new TextEncoder().encode(text));
            controller.close();
          },
        }),
        { headers: { "content-length": "5" } },
      );
    await withServer(answer, async (url) => {
      const get = `GET / HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`;
      const answers = await raw(url, get + get);
      assert.equal(answers.match(/HTTP\/1.1 200/g)?.length ?? 0, 1);
      assert.doesNotMatch(answers, /too long by far/);
    });
  }
});

test("a chunk that is not bytes cuts the answer", async () => {
  const answer: Answer = () => new Response(new ReadableStream({ start: (controller) => controller.enqueue("text") }));
  await withServer(answer, async (url) => {
    await assert.rejects(fetch(url).then((response) => response.text()));
  });
});

test("an upload that is cut rejects the reading of its body", async () => {
  const failed = deferred<string>();
  const answer: Answer = async (request) => {
    await request.text().catch((error) => failed.resolve(error.name));
    return new Response();
  };
  await withServer(answer, async (url) => {
    const socket = connect(Number(url.port), "127.0.0.1");
    socket.write(`POST / HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: 100\r\n\r\nhalf`, () =>
      setTimeout(() => socket.destroy(), 20),
    );
    assert.equal(await failed.promise, "AbortError");
  });
});

test("an answer of fetch() that is passed on does not call its plain bytes compressed", async () => {
  const encodings = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync };
  const upstream = createServer((message, answer) => {
    const encoding = message.url?.slice(1) as keyof typeof encodings; // the test asks for these alone
    const bytes = encodings[encoding]("plain ".repeat(5000));
    answer.writeHead(200, { "content-encoding": encoding, "content-length": bytes.length }).end(bytes);
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const { port } = upstream.address() as AddressInfo; // it listens on a port
  try {
    await withServer(
      (request) => fetch(`http://127.0.0.1:${port}${new URL(request.url).pathname}`),
      async (url) => {
        for (const encoding of Object.keys(encodings)) {
          const response = await fetch(new URL(`/${encoding}`, url));
          assert.equal(response.headers.get("content-encoding"), null);
          assert.equal(await response.text(), "plain ".repeat(5000));
        }
      },
    );
  } finally {
    upstream.close();
  }
});
