import assert from "node:assert/strict";
import { test } from "node:test";
import { html, json, noContent, type RedirectStatus, redirect, stream, text } from "./respond.ts";

const code = (expected: string) => (error: unknown) =>
  error instanceof Error && "code" in error && error.code === expected;
const type = (response: Response) => response.headers.get("content-type");

test("json, text and html say their type and charset", async () => {
  assert.equal(type(json({})), "application/json; charset=utf-8");
  assert.equal(type(text("ü")), "text/plain;charset=UTF-8");
  assert.equal(type(html("<p>")), "text/html; charset=utf-8");
  assert.deepEqual([await json({ a: null }).text(), await text("ü").text()], ['{"a":null}', "ü"]);
});

test("status and headers may be given, and a content type of one's own stays", () => {
  const init = {
    status: 201,
    headers: [
      ["X-A", "1"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ] as [string, string][],
  };
  const response = json({}, init);
  assert.deepEqual(
    [response.status, response.headers.get("x-a"), type(response), response.headers.getSetCookie()],
    [201, "1", "application/json; charset=utf-8", ["a=1", "b=2"]],
  );
  assert.equal(type(json({}, { headers: { "Content-Type": "application/ld+json" } })), "application/ld+json");
});

test("json refuses what JSON has no form for", () => {
  for (const value of [undefined, () => {}, Symbol("s")]) assert.throws(() => json(value), code("JSON_IMPOSSIBLE"));
  assert.throws(() => json(1n), TypeError);
});

test("noContent is a 204 without a body or a type", () => {
  const response = noContent({ headers: { "x-a": "1" } });
  assert.deepEqual(
    [response.status, response.body, type(response), response.headers.get("x-a")],
    [204, null, null, "1"],
  );
});

test("redirect takes relative and absolute locations and each redirecting status", () => {
  assert.equal(redirect("/login?next=%2Fa#b").headers.get("location"), "/login?next=%2Fa#b");
  assert.equal(redirect("/").status, 302);
  assert.equal(redirect(new URL("https://a.example/x")).headers.get("location"), "https://a.example/x");
  for (const status of [301, 302, 303, 307, 308] as RedirectStatus[])
    assert.equal(redirect("/", status).status, status);
  assert.deepEqual(redirect("/", 303, { headers: [["set-cookie", "a=1"]] }).headers.getSetCookie(), ["a=1"]);
});

test("redirect encodes what a header cannot hold", () => {
  assert.equal(redirect("/a b/grüße/\u{1F426}").headers.get("location"), "/a%20b/gr%C3%BC%C3%9Fe/%F0%9F%90%A6");
  assert.equal(redirect("/\uD800").headers.get("location"), "/%EF%BF%BD");
});

test("redirect refuses line breaks, so that no location starts another header", () => {
  for (const location of ["", "/\r\nset-cookie: a=1", "/\n", "/\t//evil", "/\0"]) {
    assert.throws(() => redirect(location), code("REDIRECT_INVALID"), JSON.stringify(location));
  }
});

test("a stream of strings and bytes from a generator arrives as bytes", async () => {
  async function* source() {
    yield "grü";
    yield "";
    yield new Uint8Array([33]);
  }
  const response = stream(source(), { status: 202, headers: { "content-type": "text/plain" } });
  assert.deepEqual([response.status, type(response), await response.text()], [202, "text/plain", "grü!"]);
  assert.equal(type(stream(source())), "application/octet-stream");
});

test("a ReadableStream of strings is a source as well", async () => {
  const source = new ReadableStream<string>({
    start(controller) {
      controller.enqueue("a");
      controller.enqueue("b");
      controller.close();
    },
  });
  assert.equal(await stream(source).text(), "ab");
});

test("nothing is asked of the source before the client has room", async () => {
  let asked = 0;
  async function* source() {
    for (;;) yield String(++asked);
  }
  const reader = stream(source()).body?.getReader();
  assert.equal(asked, 0);
  await reader?.read();
  await reader?.read();
  assert.equal(asked, 2);
});

test("a client that goes away runs the finally of a generator and cancels a ReadableStream", async () => {
  const ended: string[] = [];
  async function* source() {
    try {
      for (;;) yield "x";
    } finally {
      ended.push("generator");
    }
  }
  const readable = new ReadableStream<string>({
    cancel() {
      ended.push("readable");
    },
  });
  const reader = stream(source()).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await stream(readable).body?.cancel();
  assert.deepEqual(ended, ["generator", "readable"]);
});

test("a source that fails cuts the answer short", async () => {
  async function* source() {
    yield "a";
    throw new Error("midway");
  }
  await assert.rejects(stream(source()).text(), /midway/);
});
