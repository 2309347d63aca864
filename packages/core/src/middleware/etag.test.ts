import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, get, ORIGIN } from "../app.fixture.ts";
import type { Handler } from "../types.ts";
import { type EtagOptions, etag } from "./etag.ts";

const ask = (handler: Handler, headers?: HeadersInit, options?: EtagOptions) =>
  get(appOf(handler, [etag(options)]), "/", headers);
const tagOf = (response: Response) => response.headers.get("etag");

test("a body gets a strong tag of its own bytes, and stays as it is", async () => {
  const [a, again, b] = await Promise.all(["a", "a", "b"].map((text) => ask(() => new Response(text))));
  assert.match(String(a && tagOf(a)), /^"[\w-]{27}"$/);
  assert.equal(a && tagOf(a), again && tagOf(again));
  assert.notEqual(a && tagOf(a), b && tagOf(b));
  assert.equal(await a?.text(), "a");
});

test("a tag may be weak", async () => {
  assert.match(String(tagOf(await ask(() => new Response("a"), {}, { weak: true }))), /^W\/"/);
});

test("a client that holds the answer gets a 304 with all headers but those about the content", async () => {
  const handler = () =>
    new Response("a", {
      headers: [
        ["cache-control", "max-age=1"],
        ["content-type", "text/plain"],
        ["content-length", "1"],
        ["content-language", "de"],
        ["last-modified", "Wed, 21 Oct 2026 07:28:00 GMT"],
        ["vary", "Origin"],
        ["access-control-allow-origin", "*"],
        ["content-security-policy", "default-src 'self'"],
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
      ],
    });
  const tag = String(tagOf(await ask(handler)));
  for (const known of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) {
    const response = await ask(handler, { "if-none-match": known });
    assert.deepEqual([response.status, response.body], [304, null], known);
    assert.deepEqual([...response.headers.keys()].sort(), [
      "access-control-allow-origin",
      "cache-control",
      "content-security-policy",
      "etag",
      "set-cookie",
      "set-cookie",
      "vary",
    ]);
  }
  assert.equal((await ask(handler, { "if-none-match": '"other"' })).status, 200);
});

test("a tag of the handler's own is taken, and its body is not read", async () => {
  let read = false;
  const handler = () => {
    const body = new ReadableStream(
      {
        pull() {
          read = true;
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: { etag: 'W/"mine"' } });
  };
  assert.equal(tagOf(await ask(handler)), 'W/"mine"');
  assert.equal((await ask(handler, { "if-none-match": '"mine"' })).status, 304);
  assert.equal(read, false);
});

test("a body over the bound passes on as it arrives, byte for byte", async () => {
  let chunks = 0;
  const endless = () =>
    new Response(
      new ReadableStream(
        {
          pull(controller) {
            controller.enqueue(new Uint8Array([++chunks]));
          },
        },
        { highWaterMark: 0 },
      ),
    );
  const response = await ask(endless, {}, { maxBytes: 4 });
  assert.equal(tagOf(response), null);
  assert.equal(chunks, 5);
  const reader = response.body?.getReader();
  const seen: unknown[] = [];
  for (let n = 0; n < 7; n++) seen.push((await reader?.read())?.value?.[0]);
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7]);
  await reader?.cancel();
});

test("event streams, no-store, other methods and other statuses stay as they are", async () => {
  const plain: [ResponseInit, string][] = [
    [{ headers: { "content-type": "text/event-stream; charset=utf-8" } }, "GET"],
    [{ headers: { "cache-control": "private, no-store" } }, "GET"],
    [{ headers: { "content-length": "99999999" } }, "GET"],
    [{ status: 201 }, "GET"],
    [{ status: 404 }, "GET"],
    [{}, "POST"],
  ];
  for (const [init, method] of plain) {
    const app = appOf(() => new Response("a", init), [etag()]);
    const response = await app.fetch(new Request(ORIGIN, { method, headers: { "if-none-match": "*" } }));
    assert.deepEqual([response.status, tagOf(response)], [init.status ?? 200, null], JSON.stringify(init));
  }
});

test("HEAD has the tag of GET", async () => {
  const app = appOf({ GET: () => new Response("a") }, [etag()]);
  const [head, whole] = [await app.fetch(new Request(ORIGIN, { method: "HEAD" })), await get(app, "/")];
  assert.equal(tagOf(head), tagOf(whole));
  assert.equal(head.body, null);
});

test("an empty body has a tag as well", async () => {
  assert.match(String(tagOf(await ask(() => new Response("")))), /^"/);
});
