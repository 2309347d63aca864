import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import type { Emulator, LogLine, Tools } from "@godwit/bundler/contracts";
import { type Built, buildApp } from "./build.fixture.ts";
import { emulate } from "./emulate.ts";

const require = createRequire(import.meta.url);
const tools: Tools = {
  "edge-runtime": { path: require.resolve("edge-runtime"), load: () => import("edge-runtime") },
};

const SHARED = `
  export const GET = (request, context) => Response.json({
    url: request.url, params: context.params, ip: context.ip, id: context.requestId.length > 8,
    env: context.env.GREETING, secret: context.env.HOME, platform: context.platform.name, trigger: context.trigger,
  });
  export async function POST(request, context) {
    const bytes = new Uint8Array(await request.arrayBuffer());
    const headers = new Headers({ "content-type": "application/octet-stream", "x-latin": request.headers.get("x-latin") });
    headers.append("set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT");
    headers.append("set-cookie", "b=2");
    return new Response(bytes, { status: 201, headers });
  }
  export const PUT = () => new Response(new ReadableStream({
    async start(controller) {
      for (const part of ["one", "two"]) {
        controller.enqueue(new TextEncoder().encode(part));
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      controller.close();
    },
  }));
  let pulls = 0;
  export const PATCH = () => new Response(new ReadableStream({
    async pull(controller) {
      if (pulls++ === 0) return controller.enqueue(new TextEncoder().encode("part"));
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw new Error("midway");
    },
  }));
  export function DELETE(request, context) {
    context.waitUntil(new Promise((resolve) => setTimeout(resolve, 20)).then(() => console.log("background done")));
    throw new TypeError("a handler failed");
  }
`;

let built: Built;
let emulator: Emulator;
const lines: LogLine[] = [];
let reading: Promise<void>;

before(async () => {
  built = await buildApp({
    functions: [
      { id: "edge", variant: "edge", routes: [{ pattern: "/edge/[id]", source: SHARED }] },
      { id: "index", routes: [{ pattern: "/node/[id]", source: SHARED }, { pattern: "/" }] },
      {
        id: "slow",
        timeout: 1,
        routes: [
          {
            pattern: "/slow",
            source: "export const GET = () => new Promise((resolve) => setTimeout(resolve, 60_000));",
          },
        ],
      },
      {
        id: "hang",
        routes: [
          {
            pattern: "/hang",
            source: `export const GET = (request, context) => new Promise((resolve) => {
              console.log("begun");
              context.signal.addEventListener("abort", () => { console.log("aborted"); resolve(new Response("late")); });
            });`,
          },
        ],
      },
      { id: "broken", routes: [{ pattern: "/broken", source: "throw new Error('at start'); export const GET = 1;" }] },
      {
        id: "daily",
        variant: "edge",
        routes: [
          {
            pattern: "/daily",
            config: { schedule: "0 5 * * *" },
            source:
              "export const GET = (request, context) => { console.log('trigger ' + context.trigger); return new Response(context.trigger); };",
          },
        ],
      },
      {
        id: "rest",
        variant: "edge",
        routes: [{ pattern: "/any/[...path]", source: "export const GET = (r, c) => Response.json(c.params.path);" }],
      },
      { id: "fallback", role: "fallback" },
    ],
    assets: { "/hello.txt": "hello world", "/docs/index.html": "<p>docs</p>", "/any/file.txt": "a file wins" },
    config: { plan: "pro" },
  });
  emulator = await emulate(built, tools, { env: { GREETING: "hi" } });
  reading = (async () => {
    for await (const line of emulator.logs) lines.push(line);
  })();
});

after(async () => {
  await emulator.close();
  await reading;
  built.remove();
});

const call = (path: string, init?: RequestInit) => emulator.fetch(new Request(new URL(path, emulator.url), init));

/** Waits for a log line; the test's own time limit ends a wait for one that never comes. */
async function logged(text: string): Promise<LogLine> {
  for (;;) {
    const line = lines.find((each) => each.text.includes(text));
    if (line) return line;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Sends bytes as they are and reads until the server ends the connection. */
async function raw(head: string): Promise<string> {
  const socket = connect(Number(emulator.url.port), emulator.url.hostname);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.write(`${head}\r\nHost: app.test\r\nConnection: close\r\n\r\n`);
  await once(socket, "close");
  return Buffer.concat(chunks).toString("latin1");
}

for (const variant of ["edge", "node"]) {
  test(`a ${variant} function sees the public URL, its params, its env and nothing of this process`, async () => {
    const answer = await call(`/${variant}/a%2Fb?q=1`, {
      headers: { "x-real-ip": "6.6.6.6", "x-vercel-ip-city": "Oslo" },
    });
    const { url, ip, ...rest } = (await answer.json()) as Record<string, unknown>;
    assert.equal(url, `${emulator.url.origin}/${variant}/a%2Fb?q=1`);
    assert.equal(ip, "127.0.0.1");
    assert.deepEqual(rest, { params: { id: "a/b" }, id: true, env: "hi", platform: "vercel", trigger: "http" });
  });

  test(`bytes, two cookies and a field of Latin-1 survive a ${variant} function`, async () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
    const answer = await call(`/${variant}/x`, { method: "POST", body: bytes, headers: { "x-latin": "caf\u00e9" } });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get("x-latin"), "caf\u00e9");
    assert.deepEqual(answer.headers.getSetCookie(), ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"]);
    assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), bytes);
  });

  test(`a ${variant} function streams while it writes`, async () => {
    const answer = await call(`/${variant}/x`, { method: "PUT" });
    const parts: string[] = [];
    for await (const part of answer.body ?? []) parts.push(Buffer.from(part).toString());
    assert.deepEqual(parts, ["one", "two"]);
  });

  test(`a body that fails midway in a ${variant} function is an aborted answer, and the function serves on`, async () => {
    const answer = await call(`/${variant}/x`, { method: "PATCH" });
    await assert.rejects(answer.text());
    assert.equal((await call(`/${variant}/x`)).status, 200);
  });

  test(`an error in a ${variant} function is a 500 with a readable stack in the log, and background work is done`, async () => {
    lines.length = 0;
    const answer = await call(`/${variant}/x`, { method: "DELETE" });
    assert.equal(answer.status, 500);
    const line = await logged("a handler failed");
    assert.equal(line.level, "error");
    assert.match(line.text, /route:0:\d+:\d+/);
    assert.equal((await logged("background done")).function, variant === "edge" ? "edge" : "index");
  });
}

test("odd paths reach the function that serves them, and the origin never comes from a path", async () => {
  assert.match(await raw("GET //evil.test/admin HTTP/1.1"), /^HTTP\/1\.1 404 [\s\S]*problem\+json/);
  assert.match(await raw("GET /x/../node/7 HTTP/1.1"), /"url":"http:\/\/app\.test\/node\/7"/);
  assert.match(await raw("GET /no%64e/7 HTTP/1.1"), /^HTTP\/1\.1 200 /);
  assert.match(await raw("GET /node/7/ HTTP/1.1"), /^HTTP\/1\.1 404 [\s\S]*problem\+json/);
  assert.match(await raw("GET /Node/7 HTTP/1.1"), /^HTTP\/1\.1 404 [\s\S]*problem\+json/);
  assert.match(await raw("GET /node/%zz HTTP/1.1"), /^HTTP\/1\.1 400 [\s\S]*problem\+json/);
  assert.match(await raw("GET /any/a/b%2Fc HTTP/1.1"), /\["a","b\/c"\]/);
  assert.match(await raw("GET /_godwit/edge HTTP/1.1"), /^HTTP\/1\.1 404 [\s\S]*problem\+json/);
  assert.match(await raw("GET /_godwit/_index HTTP/1.1"), /^HTTP\/1\.1 404 [\s\S]*problem\+json/);
  assert.equal(await (await call("/")).text(), "index");
});

test("files win over routes, with type, validator and ranges", async () => {
  const file = await call("/hello.txt");
  assert.equal(file.headers.get("content-type"), "text/plain; charset=utf-8");
  assert.equal(await file.text(), "hello world");
  const etag = file.headers.get("etag") ?? "";
  assert.equal((await call("/hello.txt", { headers: { "if-none-match": etag } })).status, 304);
  const part = await call("/hello.txt", { headers: { range: "bytes=6-" } });
  assert.deepEqual(
    [part.status, part.headers.get("content-range"), await part.text()],
    [206, "bytes 6-10/11", "world"],
  );
  assert.equal((await call("/hello.txt", { headers: { range: "bytes=99-" } })).status, 416);
  assert.equal((await call("/hello.txt", { method: "POST" })).status, 405);
  assert.equal(await (await call("/any/file.txt")).text(), "a file wins");
  assert.equal(await (await call("/docs")).text(), "<p>docs</p>");
  assert.equal((await call("/..%2Fconfig.json")).status, 404);
});

test("a body over 4.5 MB is refused with 413 before a function sees it", async () => {
  const answer = await call("/node/x", { method: "POST", body: new Uint8Array(4_600_000) });
  assert.equal(answer.status, 413);
  assert.equal(answer.headers.get("x-vercel-error"), "FUNCTION_PAYLOAD_TOO_LARGE");
});

test("a function over its duration is a 504", async () => {
  const answer = await call("/slow");
  assert.equal(answer.status, 504);
  assert.equal(answer.headers.get("x-vercel-error"), "FUNCTION_INVOCATION_TIMEOUT");
});

test("a client that goes away aborts the signal of a Node function", async () => {
  const controller = new AbortController();
  const answer = call("/hang", { signal: controller.signal });
  const gone = assert.rejects(answer);
  await logged("begun");
  controller.abort();
  await gone;
  assert.equal((await logged("aborted")).function, "hang");
});

test("a function that fails to start is a 500, and the log says why", async () => {
  assert.equal((await call("/broken")).status, 500);
  assert.equal((await logged("at start")).function, "broken");
});

test("only the emulator's own trigger is a schedule, never a public request", async () => {
  assert.equal(await (await call("/daily")).text(), "http");
  const forged = { "user-agent": "vercel-cron/1.0", authorization: "Bearer guess" };
  assert.equal(await (await call("/daily", { headers: forged })).text(), "http");
  await emulator.trigger("schedule", { pattern: "/daily" });
  assert.equal((await logged("trigger schedule")).function, "daily");
  await assert.rejects(emulator.trigger("schedule", { pattern: "/node/[id]" }), { code: "EMULATOR_TRIGGER_UNKNOWN" });
});

test("start-up and first use are measured on both runtimes", async () => {
  for (const id of ["edge", "index"]) {
    const { startupCpu, firstUseCpu } = await emulator.measure(id);
    assert.ok(startupCpu >= 0 && firstUseCpu > 0, `${id}: ${startupCpu} ${firstUseCpu}`);
  }
});

test("a port in use is an error that names it, and a function that never starts does not keep the emulator open", async () => {
  const source = "await new Promise((resolve) => setInterval(resolve, 1e9)); export const GET = 1;";
  const app = await buildApp({ functions: [{ id: "never", routes: [{ pattern: "/never", source }] }] });
  try {
    const port = Number(emulator.url.port);
    await assert.rejects(emulate(app, tools, { port }), {
      code: "PORT_IN_USE",
      message: new RegExp(`${port}`),
    });
    await assert.rejects(
      emulate(app, {}).then((own) => own.measure("missing").finally(() => own.close())),
      {
        code: "EMULATOR_FUNCTION_UNKNOWN",
      },
    );
    const own = await emulate(app, tools);
    const answer = own.fetch(new Request(new URL("/never", own.url))).then(
      ({ status }) => status,
      () => 500,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    await own.close();
    assert.equal(await answer, 500);
  } finally {
    app.remove();
  }
});

test("an Edge function without edge-runtime is an error that says how to get it", async () => {
  await assert.rejects(emulate(built, {}), {
    code: "EMULATOR_TOOL_MISSING",
    message: /npm install --save-dev edge-runtime/,
  });
});

test("after a reload a function is a fresh process", async () => {
  const source = "let count = 0; export const GET = () => new Response(String(++count));";
  const app = await buildApp({ functions: [{ id: "count", routes: [{ pattern: "/count", source }] }] });
  const own = await emulate(app, tools);
  const count = async () => (await own.fetch(new Request(new URL("/count", own.url)))).text();
  try {
    assert.deepEqual([await count(), await count()], ["1", "2"]);
    await own.reload(["count"]);
    assert.equal(await count(), "1");
  } finally {
    await own.close();
    app.remove();
  }
});
