import assert from "node:assert/strict";
import { test } from "node:test";
import { type SseEvent, type SseSend, sse } from "./sse.ts";

const OPEN = ":\n\n";

async function* of(...events: SseEvent[]) {
  yield* events;
}

function reader(response: Response) {
  assert.ok(response.body);
  const chunks = response.body.pipeThrough(new TextDecoderStream()).getReader();
  return { next: async () => (await chunks.read()).value, cancel: () => chunks.cancel() };
}

test("events are written field by field, and the stream ends with its source", async () => {
  const response = sse(of({ event: "tick", id: "1", retry: 500, data: "a" }, { data: { b: [1] } }, { id: "" }));
  assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  assert.equal(response.headers.get("cache-control"), "no-cache, no-transform");
  assert.equal(await response.text(), `${OPEN}event: tick\nid: 1\nretry: 500\ndata: a\n\ndata: {"b":[1]}\n\nid: \n\n`);
});

test("each line of the data is a data line, whatever break ends it", async () => {
  const body = await sse(of({ data: "a\nb\r\nc\rd\n" }, { data: "" }, { data: " x: y" })).text();
  assert.equal(body, `${OPEN}data: a\ndata: b\ndata: c\ndata: d\ndata: \n\ndata: \n\ndata:  x: y\n\n`);
});

test("an event or id with a line break cannot forge another event", async () => {
  for (const event of [{ event: "a\ndata: b" }, { id: "1\r" }, { id: "1\0" }, { retry: 1.5 }, { retry: -1 }]) {
    await assert.rejects(sse(of(event)).text(), { code: "SSE_FIELD_INVALID" });
  }
});

test("a function sends events, with room for one at a time", async () => {
  const sent: number[] = [];
  const events = reader(
    sse(async (send) => {
      for (let n = 0; n < 3; n++) {
        await send({ data: n });
        sent.push(n);
      }
    }),
  );
  assert.equal(await events.next(), OPEN);
  assert.deepEqual(
    [await events.next(), await events.next(), await events.next()],
    ["data: 0\n\n", "data: 1\n\n", "data: 2\n\n"],
  );
  assert.equal(await events.next(), undefined);
  assert.deepEqual(sent, [0, 1, 2]);
});

test("an aborted signal ends the stream and returns the iterator, even one that waits for ever", async () => {
  const client = new AbortController();
  let returned = false;
  const source: AsyncIterable<SseEvent> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      async return() {
        returned = true;
        return { done: true, value: undefined };
      },
    }),
  };
  const events = reader(sse(source, { signal: client.signal }));
  assert.equal(await events.next(), OPEN);
  client.abort();
  assert.equal(await events.next(), undefined);
  assert.equal(returned, true);
});

test("a signal that has aborted already gives an empty stream", async () => {
  assert.equal(await sse(of({ data: 1 }), { signal: AbortSignal.abort() }).text(), "");
});

test("a client that goes away aborts the function's signal, and send rejects from then on", async () => {
  let signal: AbortSignal | undefined;
  let send: SseSend | undefined;
  const events = reader(
    sse((given, stop) => {
      send = given;
      signal = stop;
      return new Promise(() => {});
    }),
  );
  await events.next();
  await events.cancel();
  assert.equal(signal?.aborted, true);
  await assert.rejects(async () => send?.({ data: "late" }), { name: "AbortError" });
  send?.({ data: "nobody awaits this one" });
});

test("a source that fails cuts the stream short", async () => {
  const failing = sse(async (send) => {
    send({ data: 1 });
    throw new Error("midway");
  });
  await assert.rejects(failing.text(), /midway/);
});

test("an idle stream carries comments as its heartbeat, which stop with it", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const client = new AbortController();
  const events = reader(sse(() => new Promise(() => {}), { signal: client.signal, heartbeat: 1000 }));
  assert.equal(await events.next(), OPEN);
  const beat = events.next();
  t.mock.timers.tick(1000);
  assert.equal(await beat, OPEN);
  client.abort();
  t.mock.timers.tick(5000);
  assert.equal(await events.next(), undefined);
});

test("events for a client that does not read are bounded, though nobody awaits send", async () => {
  const ended = Promise.withResolvers<number>();
  const response = sse(async (send, signal) => {
    let sent = 0;
    signal.addEventListener("abort", () => ended.resolve(sent));
    for (; sent < 10_000 && !signal.aborted; sent++) void send({ data: "x".repeat(10_000) });
  });
  const sent = await ended.promise;
  assert.ok(sent > 100 && sent < 110, `${sent} events of 10 kB waited`);
  const reader = response.body?.getReader();
  await assert.rejects(async () => reader?.read(), { code: "SSE_QUEUE_FULL" });
});
