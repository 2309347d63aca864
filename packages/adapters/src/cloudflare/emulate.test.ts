import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import type { Emulator, LogLine, Tools } from "@godwit/bundler/contracts";
import { buildArtefact, type FixtureArtefact, type FixtureFunction, helloRoute } from "./artefact.fixture.ts";
import { emulate } from "./emulate.ts";

const tools: Tools = { miniflare: { path: "", load: () => import("miniflare") } };

/** Bytes to the socket and back, until the server closes or what was waited for is there. */
function sendRaw(url: URL, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname);
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
    socket.on("error", reject);
    socket.write(text.replaceAll("\n", "\r\n"));
  });
}

async function waitForLog(emulator: Emulator, wanted: (line: LogLine) => boolean): Promise<LogLine> {
  for await (const line of emulator.logs) if (wanted(line)) return line;
  throw new Error("the logs ended");
}

/** The route answers "first" at once, and "second" when it has read the request to its end. */
async function assertStreams(emulator: Emulator, path: string): Promise<void> {
  const sent = new TransformStream<Uint8Array, Uint8Array>();
  const init: RequestInit & { duplex: "half" } = {
    method: "POST",
    body: sent.readable,
    duplex: "half",
    headers: { "accept-encoding": "gzip, br" },
  };
  const response = await emulator.fetch(new Request(new URL(path, "http://app.test"), init));
  assert.equal(response.headers.get("content-encoding"), null);
  assert.ok(response.body);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, "first");
  await sent.writable.close();
  assert.equal((await reader.read()).value, "second");
  assert.equal((await reader.read()).done, true);
}

const ROUTES: Record<string, string> = {
  "/": helloRoute,
  "/lazy":
    "globalThis.loaded = (globalThis.loaded ?? 0) + 1; export const GET = () => Response.json(globalThis.loaded);",
  "/users/[id]": "export const GET = (request, { params, route }) => Response.json({ params, route });",
  "/context": `export const GET = (request, context) => Response.json({
    ip: context.ip, id: context.requestId, geo: context.geo ?? null, trigger: context.trigger, name: context.platform.name,
    greeting: context.platform.raw.GREETING, own: context.env.OWN, list: context.platform.raw.LIST,
    bindings: Object.keys(context.platform.raw).sort(), headers: [...request.headers.keys()],
  });`,
  "/kv": `export const GET = async (request, { platform: { raw } }) => {
    await raw.CACHE.put("a", "1"); await raw.FILES.put("f", "2"); await raw.QUEUE.send("m");
    const row = await raw.DB.prepare("select 3 as n").first();
    const { success } = await raw.LIMITER.limit({ key: "k" });
    return Response.json([await raw.CACHE.get("a"), await (await raw.FILES.get("f")).text(), row.n, success]);
  };`,
  "/other-worker": "export const GET = (request, { platform: { raw } }) => raw.API.fetch(request);",
  "/headers": `export const GET = (request) => new Response(JSON.stringify([...request.headers]), { headers: { "x-accent": "caf\\u00e9" } });
    export const POST = GET;`,
  "/cookies": `export const GET = () => { const headers = new Headers(); headers.append("set-cookie", "a=1, 2"); headers.append("set-cookie", "b=2");
    return new Response(null, { status: 204, headers }); };`,
  "/stream": `export const POST = (request) => new Response(new ReadableStream({ async start(controller) {
    controller.enqueue(new TextEncoder().encode("first")); await request.text();
    controller.enqueue(new TextEncoder().encode("second")); controller.close(); } }), { headers: { "content-type": "text/html" } });`,
  "/broken-stream": `export const GET = () => new Response(new ReadableStream({ async start(controller) {
    controller.enqueue(new TextEncoder().encode("part")); await scheduler.wait(10); controller.error(new Error("mid")); } }));`,
  "/unread": 'export const POST = () => new Response("not read");',
  "/echo": "export const POST = (request) => new Response(request.body);",
  "/abort": `let aborted = false; export const GET = (request, context) => {
    context.signal.addEventListener("abort", () => { aborted = true; });
    context.waitUntil(new Promise(() => {}));
    return new Response(new ReadableStream({ async pull(controller) { await scheduler.wait(20); controller.enqueue(new TextEncoder().encode("x")); } })); };
    export const POST = () => Response.json(aborted);`,
  "/background": `let done = ""; export const POST = (request, context) => {
    context.waitUntil((async () => { await scheduler.wait(20); done = "done"; console.log("background done"); })()); return new Response(done); };
    export const GET = () => new Response(done);`,
  "/fail": `
    function explode(): never { throw new TypeError("exploded"); }
    export const GET = () => explode();`,
  "/log":
    'export const GET = () => { console.log("plain", { a: 1 }); console.warn("careful"); return new Response("logged"); };',
  "/cron":
    'let runs = []; export const GET = (request, context) => { if (context.trigger === "schedule") runs.push(request.url); return Response.json({ trigger: context.trigger, runs }); };',
  "/cron-fails": 'export const GET = () => new Response("no", { status: 500 });',
  "/socket": `export const GET = () => { const [client, server] = Object.values(new WebSocketPair()); server.accept();
    server.addEventListener("message", ({ data }) => server.send("echo " + data)); return new Response(null, { status: 101, webSocket: client }); };`,
};

const CONFIG = {
  vars: { GREETING: "hi", LIST: [1, 2] },
  kv: { CACHE: {} },
  r2: { FILES: { bucket: "files" } },
  d1: { DB: { name: "db" } },
  queues: { QUEUE: { queue: "jobs" } },
  services: { API: { service: "elsewhere" } },
  ratelimits: { LIMITER: { namespace: "1", limit: 5, period: 60 } },
};

describe("one Worker", () => {
  let artefact: FixtureArtefact;
  let emulator: Emulator;
  const app = (extra: Record<string, string> = {}): FixtureFunction[] => [
    {
      id: "app",
      routes: { ...ROUTES, ...extra },
      schedules: { "/cron": "0 3 * * 1", "/cron-fails": "0 4 * * *" },
    },
  ];
  before(async () => {
    const assets = { "/a.html": "<h1>static</h1>", "/index.html": "index", "/sub/b c.txt": "text", "/lazy": "wins" };
    artefact = await buildArtefact(app(), { config: CONFIG, assets });
    emulator = await emulate(artefact, tools, { env: { OWN: "mine" } });
  });
  after(async () => {
    await emulator.close();
    await artefact.remove();
  });
  const get = (path: string, init?: RequestInit): Promise<Response> =>
    emulator.fetch(new Request(new URL(path, "http://app.test"), init));

  test("answers over a real socket, with params", async () => {
    const response = await get("/users/a%2Fb");
    assert.deepEqual(await response.json(), { params: { id: "a/b" }, route: "/users/[id]" });
    assert.equal((await get("/nothing")).status, 404);
    assert.equal((await get("/users/%zz")).status, 400);
  });

  test("a route's module is imported on first use, from a file of its own", async () => {
    const files = artefact.manifest.functions[0]?.files.map(({ path }) => path) ?? [];
    assert.ok(files.length > Object.keys(ROUTES).length, "a chunk for each route");
    assert.equal(files[0], "app/index.js");
  });

  test("the bindings of the config are there, and the options' env", async () => {
    const context = await (await get("/context")).json();
    assert.equal(context.greeting, "hi");
    assert.deepEqual(context.list, [1, 2]);
    assert.equal(context.own, "mine");
    assert.deepEqual(context.bindings, ["API", "CACHE", "DB", "FILES", "GREETING", "LIMITER", "LIST", "OWN", "QUEUE"]);
    assert.deepEqual(await (await get("/kv")).json(), ["1", "2", 3, true]);
  });

  test("a Worker that is not on this machine answers 503 with its name", async () => {
    const response = await get("/other-worker");
    assert.equal(response.status, 503);
    assert.match(await response.text(), /elsewhere.*API/);
  });

  test("what the edge alone says cannot be forged by a client", async () => {
    const headers = { "cf-connecting-ip": "6.6.6.6", "cf-ray": "forged", "mf-cf-blob": '{"country":"ZZ"}' };
    const context = await (await get("/context", { headers })).json();
    assert.equal(context.ip, "127.0.0.1");
    assert.match(context.id, /^[0-9a-f]{16}-DEV$/);
    assert.equal(context.geo, null);
    assert.equal(context.trigger, "http");
    assert.equal(context.name, "cloudflare");
    assert.ok(!context.headers.includes("mf-cf-blob"));
  });

  test("two cookies stay two, on an answer without a body", async () => {
    const response = await get("/cookies");
    assert.equal(response.status, 204);
    assert.deepEqual(response.headers.getSetCookie(), ["a=1, 2", "b=2"]);
  });

  test("header bytes stay as they are, and cookie crumbs become one field", async () => {
    const answer = await sendRaw(
      emulator.url,
      "GET /headers HTTP/1.1\nHost: app.test\nX-Own: a\nCookie: a=1\nCookie: b=2\nConnection: close\n\n",
    );
    assert.match(answer, /x-accent: caf\xc3\xa9\r\n/i);
    const seen = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")));
    assert.deepEqual(
      seen.map(([name]: string[]) => name),
      ["cf-connecting-ip", "cf-ray", "connection", "cookie", "host", "x-own"],
    );
    assert.deepEqual(seen[3], ["cookie", "a=1; b=2"]);
    const bare = await sendRaw(emulator.url, "POST /headers HTTP/1.1\nHost: app.test\nConnection: close\n\n");
    assert.doesNotMatch(bare, /transfer-encoding","/);
  });

  test("a request without a path is refused", async () => {
    assert.match(await sendRaw(emulator.url, "OPTIONS * HTTP/1.1\nHost: a\nConnection: close\n\n"), /^HTTP\/1\.1 400 /);
  });

  test("HEAD has the headers and no body", async () => {
    const text = await sendRaw(emulator.url, "HEAD / HTTP/1.1\nHost: app.test\nConnection: close\n\n");
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(text, /\r\n\r\n$/);
  });

  test("a stream reaches a client that takes gzip as it is written, untouched", { timeout: 10_000 }, () =>
    assertStreams(emulator, "/stream"),
  );

  test("a stream that fails midway is cut, not ended", async () => {
    const text = await sendRaw(emulator.url, "GET /broken-stream HTTP/1.1\nHost: app.test\nConnection: close\n\n");
    assert.match(text, /\r\n4\r\npart\r\n$/);
    assert.doesNotMatch(text, /\r\n0\r\n/);
  });

  test("a body of any bytes comes back as it was", async () => {
    const bytes = Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 31) % 256);
    const response = await get("/echo", { method: "POST", body: bytes });
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes);
  });

  test("a long body that nobody reads does not cost the answer, nor the next one", async () => {
    const body = new Uint8Array(1 << 20);
    for (let round = 0; round < 20; round++) {
      const answer = await emulator.fetch(new Request("http://app.test/unread", { method: "POST", body }));
      assert.equal(await answer.text(), "not read");
    }
  });

  test("a client that goes away aborts context.signal", { timeout: 10_000 }, async () => {
    const socket = connect(Number(emulator.url.port), emulator.url.hostname);
    socket.write("GET /abort HTTP/1.1\r\nHost: app.test\r\n\r\n");
    await new Promise((resolve) => socket.once("data", resolve));
    socket.destroy();
    let aborted = false;
    while (!aborted) aborted = await (await get("/abort", { method: "POST" })).json();
    assert.equal(aborted, true);
  });

  test("waitUntil runs on after the answer", { timeout: 10_000 }, async () => {
    assert.equal(await (await get("/background", { method: "POST" })).text(), "");
    await waitForLog(emulator, ({ text }) => text === "background done");
    assert.equal(await (await get("/background")).text(), "done");
  });

  test("a WebSocket is upgraded through the front", { timeout: 10_000 }, async () => {
    const socket = new WebSocket(new URL("/socket", emulator.url.href.replace("http", "ws")));
    socket.addEventListener("open", () => socket.send("hi"));
    const message = await new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data)));
    assert.equal(message, "echo hi");
    socket.close();
  });

  test("files of public/ win over routes, exactly under their paths", async () => {
    const file = await get("/a.html");
    assert.equal(await file.text(), "<h1>static</h1>");
    assert.match(file.headers.get("content-type") ?? "", /^text\/html/);
    assert.equal(await (await get("/sub/b%20c.txt")).text(), "text");
    assert.equal(await (await get("/lazy")).text(), "wins");
    assert.equal((await get("/a")).status, 404);
    assert.equal(await (await get("/")).text(), "hello");
    const etag = file.headers.get("etag") ?? "";
    assert.equal((await get("/a.html", { headers: { "if-none-match": etag } })).status, 304);
  });

  test("logs say the function, the level and the source line of an error", { timeout: 10_000 }, async () => {
    await get("/log");
    const plain = await waitForLog(emulator, ({ text }) => text.startsWith("plain"));
    assert.deepEqual(plain, { function: "app", level: "info", text: "plain { a: 1 }" });
    assert.equal((await waitForLog(emulator, ({ text }) => text === "careful")).level, "warn");
    assert.equal((await get("/fail")).status, 500);
    const failed = await waitForLog(emulator, ({ text }) => text.includes("exploded"));
    assert.equal(failed.level, "error");
    assert.match(failed.text, /routes\/fail\.ts:2:39/);
  });

  test("workerd's own words about an uncaught error are made readable", { timeout: 10_000 }, async () => {
    await sendRaw(emulator.url, "GET /broken-stream HTTP/1.1\nHost: app.test\nConnection: close\n\n");
    const line = await waitForLog(emulator, ({ text }) => text.startsWith("Uncaught"));
    assert.deepEqual(line, { function: "app", level: "error", text: "Uncaught Error: mid" });
  });

  test("a schedule calls its route, which no request can pretend", async () => {
    await emulator.trigger("schedule", { pattern: "/cron" });
    const headers = { "x-trigger": "schedule", "cf-worker": "x" };
    const { trigger, runs } = await (await get("/cron", { headers })).json();
    assert.equal(trigger, "http");
    assert.equal(runs.length, 1);
    assert.equal((await get("/cdn-cgi/handler/scheduled?cron=0+3+*+*+MON")).status, 404);
  });

  test("a schedule that fails, or is none, rejects", async () => {
    await assert.rejects(emulator.trigger("schedule", { pattern: "/cron-fails" }), { code: "EMULATOR_TRIGGER_FAILED" });
    await assert.rejects(emulator.trigger("schedule", { pattern: "/" }), { code: "EMULATOR_TRIGGER_UNKNOWN" });
    await assert.rejects(emulator.trigger("queue", {}), { code: "EMULATOR_TRIGGER_UNKNOWN" });
  });

  test("measure gives CPU of the start and of the first request", async () => {
    const { startupCpu, firstUseCpu } = await emulator.measure("app");
    assert.ok(Number.isFinite(startupCpu) && startupCpu >= 0);
    assert.ok(Number.isFinite(firstUseCpu) && firstUseCpu >= 0);
    await assert.rejects(async () => emulator.measure("nobody"), { code: "EMULATOR_FUNCTION_UNKNOWN" });
  });

  test("a reload takes the new build and keeps the address and what is stored", async () => {
    await get("/kv");
    const now =
      'export const GET = async (request, { platform: { raw } }) => new Response("now " + await raw.CACHE.get("a"));';
    await artefact.rebuild(app({ "/": now }));
    await emulator.reload(["app"]);
    assert.equal(await (await get("/")).text(), "now 1");
  });

  test("a reload that fails says why, and the next one recovers", async () => {
    await artefact.rebuild([{ ...app()[0], id: "app", prelude: '\nthrow new Error("half written");' }]);
    await assert.rejects(emulator.reload(["app"]), {
      code: "EMULATOR_START_FAILED",
      message: /half written[\s\S]*app:2:7/,
    });
    await artefact.rebuild(app());
    await emulator.reload(["app"]);
    assert.equal(await (await get("/")).text(), "hello");
  });
});

describe("several Workers behind a dispatcher", () => {
  let artefact: FixtureArtefact;
  let emulator: Emulator;
  before(async () => {
    artefact = await buildArtefact([
      {
        id: "app",
        role: "dispatcher",
        routes: { "/about": 'export const GET = () => new Response("about");' },
        behind: [
          { id: "app", patterns: ["/about"] },
          { id: "user-pages", patterns: ["/users/[id]", "/tick", "/slow", "/fail"] },
          { id: "rest", patterns: ["/[...path]"] },
        ],
      },
      {
        id: "user-pages",
        routes: {
          "/users/[id]": `export const POST = async (request, { params, ip, platform }) =>
            new Response(JSON.stringify({ params, ip, name: platform.name, body: await request.text(), url: request.url, te: request.headers.get("x-own") }));`,
          "/tick":
            'let runs = 0; export const GET = (request, { trigger }) => { if (trigger === "schedule") runs++; return Response.json({ trigger, runs }); };',
          "/slow": ROUTES["/stream"] ?? "",
          "/fail": 'export const GET = () => { throw new Error("behind"); };',
        },
        schedules: { "/tick": "*/5 * * * *" },
      },
      { id: "rest", routes: { "/[...path]": "export const GET = (r, { params }) => Response.json(params.path);" } },
    ]);
    emulator = await emulate(artefact, tools);
  });
  after(async () => {
    await emulator.close();
    await artefact.remove();
  });
  const get = (path: string, init?: RequestInit): Promise<Response> =>
    emulator.fetch(new Request(new URL(path, "http://app.test"), init));

  test("a request reaches its Worker as it came", async () => {
    const response = await get("/users/7?q=1", { method: "POST", body: "sent", headers: { "x-own": "kept" } });
    assert.deepEqual(await response.json(), {
      params: { id: "7" },
      ip: "127.0.0.1",
      name: "cloudflare",
      body: "sent",
      url: "http://app.test/users/7?q=1",
      te: "kept",
    });
  });

  test("the dispatcher answers what is its own, and malformed paths", async () => {
    assert.equal(await (await get("/about")).text(), "about");
    assert.deepEqual(await (await get("/x/y")).json(), ["x", "y"]);
    assert.equal((await get("/%zz")).status, 400);
    assert.equal((await get("/x//y")).status, 404);
  });

  test("a request and its answer stream through", { timeout: 10_000 }, () => assertStreams(emulator, "/slow"));

  test("a schedule reaches the Worker behind, and no header does the same", async () => {
    await emulator.trigger("schedule", { pattern: "/tick" });
    const headers = { "mf-route-override": "acme-my-app-user-pages", trigger: "schedule" };
    assert.deepEqual(await (await get("/tick", { headers })).json(), { trigger: "http", runs: 1 });
  });

  test("a line is told to the Worker that wrote it", { timeout: 10_000 }, async () => {
    await get("/fail");
    const line = await waitForLog(emulator, ({ text }) => text.includes("behind"));
    assert.equal(line.function, "user-pages");
  });

  test("each Worker can be measured", async () => {
    const { startupCpu } = await emulator.measure("rest");
    assert.ok(startupCpu >= 0);
  });
});
