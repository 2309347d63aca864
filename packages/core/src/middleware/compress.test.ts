import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, get, ORIGIN } from "../app.fixture.ts";
import { type CompressOptions, compress } from "./compress.ts";
import { etag } from "./etag.ts";

const LONG = "godwit ".repeat(1000);

const ask = (accept: string | null, init: ResponseInit = {}, options?: CompressOptions, body: BodyInit = LONG) => {
  const headers = { "content-type": "text/plain", ...init.headers };
  const app = appOf(() => new Response(body, { ...init, headers }), [compress(options)]);
  return get(app, "/", accept === null ? {} : { "accept-encoding": accept });
};
const encoding = (response: Response) => response.headers.get("content-encoding");
const unzip = (response: Response, format: CompressionFormat = "gzip") =>
  new Response(response.body?.pipeThrough(new DecompressionStream(format))).text();

test("text is compressed for a client that accepts it", async () => {
  const response = await ask("gzip, deflate, br", { headers: { "content-length": "7000", "accept-ranges": "bytes" } });
  assert.deepEqual([encoding(response), response.headers.get("vary")], ["gzip", "Accept-Encoding"]);
  assert.deepEqual([response.headers.get("content-length"), response.headers.get("accept-ranges")], [null, null]);
  assert.equal(await unzip(response), LONG);
});

test("quality values decide, then the server's order", async () => {
  const both: CompressOptions = { encodings: ["gzip", "deflate"] };
  const rows: [string | null, string | null][] = [
    ["gzip;q=0.5, deflate;q=0.8", "deflate"],
    ["deflate, gzip", "gzip"],
    ["*", "gzip"],
    ["gzip;q=0, *", "deflate"],
    ["*;q=0", null],
    ["gzip;q=0", null],
    ["identity, gzip;q=0.5", null],
    ["identity;q=0.5, gzip;q=0.5", "gzip"],
    ["GZIP ; Q=0.3", "gzip"],
    ["x-gzip", "gzip"],
    ["gzip;q=nonsense", null],
    ["gzip;q=2", null],
    ["br", null],
    ["", null],
    [null, null],
  ];
  for (const [accept, expected] of rows) assert.equal(encoding(await ask(accept, {}, both)), expected, String(accept));
});

test("an encoding that this platform lacks is passed over", async () => {
  const odd = { encodings: ["nothing" as "br", "gzip" as const] };
  assert.equal(encoding(await ask("nothing, gzip", {}, odd)), "gzip");
});

test("without a CompressionStream answers stay as they are", async () => {
  const own = globalThis.CompressionStream;
  Reflect.deleteProperty(globalThis, "CompressionStream");
  try {
    const response = await ask("gzip");
    assert.deepEqual([encoding(response), await response.text()], [null, LONG]);
  } finally {
    globalThis.CompressionStream = own;
  }
});

test("what is not compressed though it could be still varies", async () => {
  assert.equal((await ask(null)).headers.get("vary"), "Accept-Encoding");
  assert.equal(
    (await ask("gzip", { headers: { vary: "Origin, accept-encoding" } })).headers.get("vary"),
    "Origin, accept-encoding",
  );
  assert.equal((await ask("gzip", { headers: { vary: "*" } })).headers.get("vary"), "*");
});

test("small answers stay as they are, their length known or not", async () => {
  for (const headers of [{}, { "content-length": "5" }] as Record<string, string>[]) {
    const response = await ask("gzip", { headers }, {}, "small");
    assert.deepEqual([encoding(response), await response.text()], [null, "small"]);
  }
  assert.equal(encoding(await ask("gzip", {}, { minBytes: 5 }, "small")), "gzip");
  assert.equal(encoding(await ask("gzip", {}, { minBytes: 6 }, "small")), null);
});

test("event streams, encoded, partial, untransformable and binary answers are never touched", async () => {
  const rows: ResponseInit[] = [
    { headers: { "content-type": "text/event-stream" } },
    { headers: { "content-encoding": "br" } },
    { headers: { "cache-control": "public, no-transform" } },
    { headers: { "content-type": "image/png" } },
    { headers: { "content-type": "" } },
    { status: 206, headers: { "content-range": "bytes 0-6999/9999" } },
  ];
  for (const init of rows) {
    const response = await ask("gzip", init);
    assert.notEqual(encoding(response), "gzip", JSON.stringify(init));
    assert.deepEqual([response.headers.get("vary"), await response.text()], [null, LONG]);
  }
});

test("JSON, problem documents, SVG and scripts are compressed", async () => {
  for (const type of [
    "application/json; charset=utf-8",
    "application/problem+json",
    "image/svg+xml",
    "text/javascript",
    "application/wasm",
  ]) {
    assert.equal(encoding(await ask("gzip", { headers: { "content-type": type } })), "gzip", type);
  }
});

test("a strong tag becomes weak, and still gives a 304", async () => {
  const app = appOf(() => new Response(LONG), [compress(), etag()]);
  const response = await get(app, "/", { "accept-encoding": "gzip" });
  const tag = String(response.headers.get("etag"));
  assert.match(tag, /^W\/"/);
  const again = await get(app, "/", { "accept-encoding": "gzip", "if-none-match": tag });
  assert.deepEqual([again.status, encoding(again)], [304, null]);
});

test("a client that goes away stops what is being compressed, however fast it comes", async () => {
  let cancelled = false;
  const endless = new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode(LONG));
    },
    cancel() {
      cancelled = true;
    },
  });
  const response = await ask("gzip", {}, {}, endless);
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  assert.deepEqual([encoding(response), cancelled], ["gzip", true]);
});

test("a source that fails cuts the answer short", async () => {
  let sent = 0;
  const failing = new ReadableStream({
    pull(controller) {
      if (sent++ > 3) throw new Error("midway");
      controller.enqueue(new TextEncoder().encode(LONG));
    },
  });
  await assert.rejects((await ask("gzip", {}, {}, failing)).bytes(), /midway/);
});

test("megabytes arrive whole", async () => {
  const body = LONG.repeat(400);
  assert.equal(await unzip(await ask("gzip", {}, {}, body)), body);
});

test("HEAD says what GET would", async () => {
  const app = appOf({ GET: () => new Response(LONG) }, [compress()]);
  const request = new Request(ORIGIN, { method: "HEAD", headers: { "accept-encoding": "gzip" } });
  const response = await app.fetch(request);
  assert.deepEqual([encoding(response), response.body], ["gzip", null]);
});
