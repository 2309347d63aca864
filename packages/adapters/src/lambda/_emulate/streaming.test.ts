import assert from "node:assert/strict";
import { test } from "node:test";
import { get, REPLAY, replay, sendRaw, start } from "./artefact.fixture.ts";

/** Streams what `path` names; `/steps` waits for a request to `/go` of another environment before each step. */
const STREAM = `
const from = (stream, meta) => { const out = awslambda.HttpResponseStream.from(stream, meta); out.write(""); return out; };
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const path = event.rawPath ?? event.path;
  const meta = { statusCode: 201, headers: { "content-type": "text/plain", "x-a": "1" }, cookies: ["a=1", "b=2"] };
  if (path === "/steps") {
    const out = from(stream, meta);
    for (const step of ["one", "two", "three"]) {
      await fetch(process.env.GATE + step);
      out.write(step);
    }
    out.end();
  } else if (path === "/bytes") { const out = from(stream, meta); out.write(new Uint8Array([0, 255, 0])); out.end(); }
  else if (path === "/empty") { from(stream, { statusCode: 204 }).end(); }
  else if (path === "/untyped") { const out = from(stream, { statusCode: 200 }); out.write("x"); out.end(); }
  else if (path === "/bare") { stream.setContentType("text/csv"); stream.write("a,b"); stream.end(); }
  else if (path === "/late") { const out = from(stream, meta); out.write("begun"); await new Promise((r) => setTimeout(r, 50)); throw new RangeError("late"); }
  else if (path === "/early") { throw new RangeError("early"); }
  else if (path === "/lost") { awslambda.HttpResponseStream.from(stream, meta).end(); }
  else if (path === "/far") { const out = from(stream, { ...meta, headers: { "x-long": "x".repeat(20000) } }); out.end("hi"); }
  else if (path === "/big") { const out = from(stream, meta); for (let i = 0; i < 80; i++) if (!out.write(Buffer.alloc(100000, 120))) await new Promise((r) => out.once("drain", r)); out.end(); }
});`;

test("bytes reach the client while the function still runs", async (t) => {
  const { createServer } = await import("node:http");
  const opened = new Map<string, () => void>();
  const arrivals: (() => void)[] = [];
  const gate = createServer((request, response) => {
    opened.set((request.url ?? "").slice(1), () => response.end());
    for (const arrived of arrivals.splice(0)) arrived();
  });
  await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
  t.after(() => gate.close());
  const address = gate.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const open = async (step: string) => {
    while (!opened.has(step)) await new Promise<void>((resolve) => arrivals.push(resolve));
    opened.get(step)?.();
  };
  const emulator = await start(t, STREAM, { front: "function-url-stream", env: { GATE: `http://127.0.0.1:${port}/` } });

  const response = await get(emulator, "/steps");
  assert.equal(response.status, 201, "status and headers come before the first byte");
  assert.equal(response.headers.get("x-a"), "1");
  assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
  const reader = response.body?.getReader();
  const read: string[] = [];
  for (const step of ["one", "two", "three"]) {
    await open(step);
    read.push(Buffer.from((await reader?.read())?.value ?? []).toString());
  }
  assert.deepEqual(read, ["one", "two", "three"]);
  assert.equal((await reader?.read())?.done, true);
});

for (const front of ["function-url-stream", "rest-stream"]) {
  test(`${front} sends bytes unchanged, empty bodies, and more than 6 MB`, async (t) => {
    const emulator = await start(t, STREAM, { front });
    const bytes = await get(emulator, "/bytes");
    assert.deepEqual(new Uint8Array(await bytes.arrayBuffer()), new Uint8Array([0, 255, 0]));
    assert.deepEqual(bytes.headers.getSetCookie(), ["a=1", "b=2"]);
    const empty = await get(emulator, "/empty");
    assert.deepEqual([empty.status, empty.headers.get("content-type")], [204, null]);
    assert.equal((await (await get(emulator, "/big")).arrayBuffer()).byteLength, 8_000_000);
  });

  test(`${front} cuts the connection when the function fails after its status went out`, async (t) => {
    const emulator = await start(t, STREAM, { front });
    const answer = await sendRaw(emulator.url, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    assert.match(answer, /^HTTP\/1\.1 201 /);
    assert.match(answer, /begun/);
    assert.doesNotMatch(answer, /\r\n0\r\n\r\n$/, "the chunked body has no end");
    assert.equal((await get(emulator, "/bytes")).status, 201, "the environment serves on");
  });

  test(`${front} answers 502 when the function fails before anything was written`, async (t) => {
    const emulator = await start(t, STREAM, { front });
    assert.equal((await get(emulator, "/early")).status, 502);
  });
}

test("bytes without a type get the one of the front", async (t) => {
  for (const [front, type] of [
    ["function-url-stream", "application/octet-stream"],
    ["rest-stream", "application/json"],
  ]) {
    const answer = await get(await start(t, STREAM, { front }), "/untyped");
    assert.deepEqual([answer.headers.get("content-type"), await answer.text()], [type, "x"]);
  }
});

test("without metadata a Function URL sends a 200 of the stream's type, REST a 502", async (t) => {
  const url = await start(t, STREAM, { front: "function-url-stream" });
  const bare = await get(url, "/bare");
  assert.deepEqual([bare.status, bare.headers.get("content-type"), await bare.text()], [200, "text/csv", "a,b"]);
  const rest = await start(t, STREAM, { front: "rest-stream" });
  assert.equal((await get(rest, "/bare")).status, 502);
  assert.equal((await get(rest, "/far")).status, 502, "metadata must be within 16 KB");
});

test("metadata that is never written is lost, as on Lambda", async (t) => {
  const emulator = await start(t, STREAM, { front: "function-url-stream" });
  assert.equal((await get(emulator, "/lost")).status, 502);
});

test("a handler that returns its answer is bare JSON behind a streaming Function URL and a 502 behind REST", async (t) => {
  const result = { statusCode: 201, body: "hi" };
  const url = await start(t, REPLAY, { front: "function-url-stream" });
  const bare = await replay(url, result);
  assert.deepEqual([bare.status, await bare.json()], [200, result]);
  const rest = await start(t, REPLAY, { front: "rest-stream" });
  assert.equal((await replay(rest, result)).status, 502);
});

test("a client that leaves does not stop the function", async (t) => {
  const emulator = await start(t, STREAM, { front: "function-url-stream" });
  const abort = new AbortController();
  const response = await emulator.fetch(new Request(new URL("/big", emulator.url), { signal: abort.signal }));
  abort.abort();
  await assert.rejects(response.arrayBuffer());
  assert.equal((await get(emulator, "/bytes")).status, 201);
});
