import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, execution, get } from "../app.fixture.ts";
import { type RequestIdOptions, requestId } from "./request-id.ts";

const ask = async (options: RequestIdOptions = {}, headers: HeadersInit = {}) => {
  const app = appOf((_request, context) => new Response(context.requestId), [requestId(options)]);
  const response = await get(app, "/", headers, execution({ requestId: "platform" }));
  return [response.headers.get(options.header ?? "x-request-id"), await response.text()];
};

test("the platform's id is on the answer, and a client's own is not believed", async () => {
  assert.deepEqual(await ask(), ["platform", "platform"]);
  assert.deepEqual(await ask({}, { "x-request-id": "mine" }), ["platform", "platform"]);
});

test("behind a proxy that is trusted, its id is taken where it is harmless", async () => {
  assert.deepEqual(await ask({ trust: true }, { "x-request-id": "1-67891233-abc=" }), [
    "1-67891233-abc=",
    "1-67891233-abc=",
  ]);
  for (const given of ["", "a b", '"}', "x".repeat(129)]) {
    assert.deepEqual(await ask({ trust: true }, { "x-request-id": given }), ["platform", "platform"]);
  }
});

test("header and id may be one's own", async () => {
  assert.deepEqual(await ask({ header: "x-trace", generate: () => "made" }), ["made", "made"]);
});
