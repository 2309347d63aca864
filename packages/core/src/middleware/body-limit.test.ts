import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, ORIGIN } from "../app.fixture.ts";
import type { Handler } from "../types.ts";
import { bodyLimit } from "./body-limit.ts";

const echo: Handler = async (request) => new Response(await request.arrayBuffer());
const post = (body: BodyInit | null, headers: HeadersInit = {}, handler = echo) => {
  const init = { method: "POST", body, headers, duplex: "half" };
  return appOf(handler, [bodyLimit({ max: 4 })]).fetch(new Request(ORIGIN, init));
};
const chunks = (...texts: string[]) => new Blob(texts).stream();

test("a body up to the limit passes byte for byte", async () => {
  assert.equal(await (await post("1234")).text(), "1234");
  assert.equal(await (await post(chunks("12", "34"))).text(), "1234");
  assert.equal(await (await post(null)).text(), "");
});

test("a Content-Length over the limit is a 413, and the body is not read", async () => {
  let ran = false;
  const response = await post("1", { "content-length": "5" }, () => {
    ran = true;
    return new Response();
  });
  assert.deepEqual([response.status, ran], [413, false]);
  assert.equal((await response.json()).code, "BODY_TOO_LARGE");
});

test("bytes are counted whatever Content-Length says", async () => {
  for (const headers of [
    {},
    { "content-length": "1" },
    { "content-length": "-1" },
    { "content-length": "x" },
  ] as HeadersInit[]) {
    assert.equal((await post(chunks("123", "45"), headers)).status, 413);
  }
});

test("a handler that swallows the failure still answers 413", async () => {
  const swallow: Handler = async (request) => {
    await request.json().catch(() => {});
    return new Response("all is well");
  };
  assert.equal((await post("12345", {}, swallow)).status, 413);
});

test("the sender is told to stop once the limit is passed", async () => {
  let cancelled = false;
  const endless = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(3));
    },
    cancel() {
      cancelled = true;
    },
  });
  assert.equal((await post(endless)).status, 413);
  assert.equal(cancelled, true);
});

test("method, headers and URL stay as they are below", async () => {
  const seen: Handler = (request) => Response.json([request.method, request.headers.get("x-a"), request.url]);
  assert.deepEqual(await (await post("1", { "x-a": "1" }, seen)).json(), ["POST", "1", `${ORIGIN}/`]);
});

test("a limit that is no whole number is refused when the app starts", () => {
  for (const max of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => bodyLimit({ max }), { code: "BODY_LIMIT_INVALID" });
  }
});
