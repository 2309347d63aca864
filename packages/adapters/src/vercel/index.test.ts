import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as open } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { App, ExecutionContext } from "@godwit/core/types";
import { bundle } from "./build.fixture.ts";
import { type NodeHandler, toEdge, toNode, type VercelOptions } from "./index.ts";

/** An app that shows what it was given. */
function createProbe(answer: (request: Request) => Response | Promise<Response> = () => new Response("ok")) {
  const seen: { request: Request; execution: ExecutionContext }[] = [];
  const app: App = {
    async fetch(request, execution) {
      if (execution) seen.push({ request, execution });
      return answer(request);
    },
  };
  return { app, seen };
}

/** The last thing seen; a failed test says so where nothing was. */
function last<T>(list: readonly T[]): T {
  const item = list.at(-1);
  assert.ok(item, "the app was not called");
  return item;
}

async function serve(handler: NodeHandler, work: (port: number) => Promise<void>): Promise<void> {
  const server = createServer((req, res) => void handler(req, res)).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await work((server.address() as AddressInfo).port); // a TCP server's address is one
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function send(port: number, path: string, headers: Record<string, string | string[]> = {}, method = "GET") {
  return new Promise<{ status: number | undefined; rawHeaders: string[]; text: string }>((resolve, reject) => {
    const outgoing = open({ host: "127.0.0.1", port, path, headers, method, agent: false }, async (incoming) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      resolve({ status: incoming.statusCode, rawHeaders: incoming.rawHeaders, text: Buffer.concat(chunks).toString() });
    });
    outgoing.on("error", reject).end();
  });
}

const VERCEL = {
  "x-real-ip": "203.0.113.7",
  "x-forwarded-for": "203.0.113.8, 10.0.0.1",
  "x-forwarded-proto": "https",
  "x-forwarded-host": "app.example",
  "x-vercel-id": "fra1::iad1::abc",
  "x-vercel-ip-city": "S%C3%A3o%20Paulo",
  "x-vercel-ip-country": "BR",
  "x-vercel-ip-country-region": "SP",
  "x-vercel-ip-postal-code": "01000",
};
const PLACE = { country: "BR", region: "SP", city: "São Paulo", postalCode: "01000" };

const defined = (value: object | undefined) => JSON.parse(JSON.stringify(value ?? null));

test("on Edge address, place and request id come from Vercel's headers", async () => {
  const { app, seen } = createProbe();
  const request = new Request("https://app.example/x", { headers: VERCEL });
  await toEdge(app)(request, { waitUntil() {} });
  const { execution } = last(seen);
  assert.equal(execution.ip, "203.0.113.7");
  assert.equal(execution.requestId, "fra1::iad1::abc");
  assert.deepEqual(defined(execution.geo), PLACE);
  assert.equal(execution.platform.name, "vercel");
  assert.equal((execution.platform.raw as { request: Request }).request, request); // as documented
  assert.equal(execution.env, process.env);
});

test("on Node address, place, request id and origin come from Vercel's headers", async () => {
  const { app, seen } = createProbe();
  await serve(toNode(app), async (port) => {
    await send(port, "/a%2Fb?c=1", VERCEL);
    const { request, execution } = last(seen);
    assert.equal(request.url, "https://app.example/a%2Fb?c=1");
    assert.equal(execution.ip, "203.0.113.7");
    assert.equal(execution.requestId, "fra1::iad1::abc");
    assert.deepEqual(defined(execution.geo), PLACE);
  });
});

test("without Vercel's headers there is no address and no place, and a city that is not encoded well stays as it is", async () => {
  const { app, seen } = createProbe();
  await toEdge(app)(new Request("https://app.example/"), {});
  assert.equal(last(seen).execution.ip, undefined);
  assert.equal(last(seen).execution.geo, undefined);
  await toEdge(app)(new Request("https://app.example/", { headers: { "x-vercel-ip-city": "100%" } }), {});
  assert.equal(last(seen).execution.geo?.city, "100%");
  const forwarded = { "x-forwarded-for": "203.0.113.8, 10.0.0.1" };
  await toEdge(app)(new Request("https://app.example/", { headers: forwarded }), {});
  assert.equal(last(seen).execution.ip, "203.0.113.8");
});

test("on Node a path of two slashes never becomes an origin, and a host that is none is a 400", async () => {
  const { app, seen } = createProbe();
  await serve(toNode(app), async (port) => {
    await send(port, "//evil.test/admin", { host: "app.example" });
    assert.equal(last(seen).request.url, "https://app.example//evil.test/admin");
    const before = seen.length;
    for (const host of ["evil.test/x?", "a@evil.test", "a b"]) {
      assert.equal((await send(port, "/", { "x-forwarded-host": host })).status, 400, host);
    }
    assert.equal(seen.length, before);
  });
});

test("on Node two cookies are two header lines, and HEAD has no body", async () => {
  const { app } = createProbe(() => {
    const headers = new Headers({ "x-a": "1" });
    headers.append("set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT");
    headers.append("set-cookie", "b=2");
    return new Response("hello", { headers });
  });
  await serve(toNode(app), async (port) => {
    const { rawHeaders, text } = await send(port, "/");
    const cookies = rawHeaders.filter((_, at) => rawHeaders[at - 1]?.toLowerCase() === "set-cookie");
    assert.deepEqual(cookies, ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"]);
    assert.equal(text, "hello");
    assert.equal((await send(port, "/", {}, "HEAD")).text, "");
  });
});

test("background work goes to Vercel's request context, else to Edge's second argument, else it is waited for", async () => {
  const key = Symbol.for("@vercel/request-context");
  const holder = globalThis as { [key: symbol]: unknown }; // the launcher's global
  const kept: string[] = [];
  const keeper = (name: string) => ({ waitUntil: () => void kept.push(name) });
  let done = false;
  const app: App = {
    async fetch(_, execution) {
      const work = new Promise((resolve) => setTimeout(resolve, 20)).then(() => {
        done = true;
      });
      execution?.waitUntil(work);
      return new Response("ok");
    },
  };
  const request = new Request("https://app.example/");
  await toEdge(app)(request, keeper("argument"));
  holder[key] = { get: () => keeper("context") };
  await toEdge(app)(request, keeper("argument"));
  delete holder[key];
  assert.deepEqual(kept, ["argument", "context"]);
  done = false;
  await toEdge(app)(request);
  assert.equal(done, true);
  done = false;
  const handler = toNode(app);
  let settled: Promise<void> | undefined;
  const remember: NodeHandler = (req, res) => {
    settled = handler(req, res);
    return settled;
  };
  await serve(remember, async (port) => {
    await send(port, "/");
    await settled;
    assert.equal(done, true);
  });
});

test("a schedule is proven by CRON_SECRET on its own path by GET, and by nothing else", async () => {
  const { app, seen } = createProbe();
  const options: VercelOptions = { schedules: ["/daily"] };
  const edge = toEdge(app, options);
  const call = async (path: string, headers: Record<string, string>, method = "GET") => {
    await edge(new Request(`https://app.example${path}`, { headers, method }), {});
    return last(seen).execution.trigger;
  };
  const proof = { authorization: "Bearer s3cret", "user-agent": "vercel-cron/1.0" };
  process.env.CRON_SECRET = "s3cret";
  try {
    assert.equal(await call("/daily", proof), "schedule");
    assert.equal(await call("/daily?x=1", proof), "schedule");
    assert.equal(await call("/daily", proof, "POST"), "http");
    assert.equal(await call("/other", proof), "http");
    for (const authorization of ["", "Bearer ", "Bearer s3cre", "Bearer s3crets", "s3cret"]) {
      assert.equal(await call("/daily", { ...proof, authorization }), "http", authorization);
    }
    await serve(toNode(app, options), async (port) => {
      await send(port, "/daily", proof);
      assert.equal(last(seen).execution.trigger, "schedule");
      await send(port, "/daily", { "x-godwit-trigger": "schedule" });
      assert.equal(last(seen).execution.trigger, "http");
    });
  } finally {
    delete process.env.CRON_SECRET;
  }
});

test("a cron of a project without CRON_SECRET is a 503 that says so, and public requests go on", async (context) => {
  const { app, seen } = createProbe();
  const edge = toEdge(app, { schedules: ["/daily"] });
  const log = context.mock.method(console, "error", () => {});
  const cron = new Request("https://app.example/daily", { headers: { "user-agent": "vercel-cron/1.0" } });
  const answer = await edge(cron, {});
  assert.equal(answer.status, 503);
  assert.equal((await answer.json()).code, "SCHEDULE_SECRET_MISSING");
  assert.equal(log.mock.callCount(), 1);
  assert.equal(seen.length, 0);
  assert.equal((await edge(new Request("https://app.example/daily"), {})).status, 200);
  assert.equal(last(seen).execution.trigger, "http");
});

test("an Edge bundle holds nothing of Node's half, and a Node bundle nothing of Edge's", async () => {
  const text = async (variant: "edge" | "node") => {
    const { files } = await bundle({ id: "x", variant, routes: [{ pattern: "/" }] });
    return Buffer.from(files[0]?.contents ?? []).toString();
  };
  const edge = await text("edge");
  const node = await text("node");
  assert.doesNotMatch(edge, /getBuiltinModule|rawHeaders|writeHead|x-forwarded-host/);
  assert.match(node, /rawHeaders/);
  assert.doesNotMatch(node, /node:http"/);
  for (const other of [/lambda/i, /cloudflare/i, /miniflare/i]) assert.doesNotMatch(edge + node, other);
});
