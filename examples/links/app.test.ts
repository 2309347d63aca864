import assert from "node:assert/strict";
import { test } from "node:test";
import type { App } from "@godwit/core";
import { loadApp } from "godwit";
import { escapeHtml } from "./lib/page.ts";

const TOKEN = "only-for-this-machine"; // of .env

/** What answers leave to be done behind their back. */
const behind: Promise<unknown>[] = [];
const execution = {
  env: { BASE_URL: "http://localhost:3000", ADMIN_TOKEN: TOKEN },
  ip: "192.0.2.1",
  waitUntil: (work: Promise<unknown>) => void behind.push(work),
  platform: { name: "test", raw: undefined },
};

async function call(app: App, method: string, path: string, body?: unknown, token = TOKEN): Promise<Response> {
  const headers = {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { "content-type": "application/json" }),
  };
  const request = new Request(`http://localhost${path}`, { method, headers, body: JSON.stringify(body) });
  const response = await app.fetch(request, execution);
  const bytes = await response.arrayBuffer();
  await Promise.all(behind.splice(0));
  return new Response(bytes.byteLength > 0 ? bytes : null, response);
}

const open = () => loadApp(import.meta.dirname);

test("a link is made, followed, counted and forgotten", async () => {
  const app = await open();
  const made = await call(app, "POST", "/links", { url: "https://example.com/a?b=c", slug: "docs", note: "read me" });
  assert.equal(made.status, 201);
  assert.equal(made.headers.get("location"), "/links/docs");
  const link = { slug: "docs", url: "https://example.com/a?b=c", note: "read me", hits: 0 };
  assert.deepEqual(await made.json(), { ...link, short: "http://localhost:3000/docs" });
  for (const [method, status] of [
    ["GET", /fwd=uri-miss.*stored/],
    ["GET", /hit/],
    ["HEAD", /hit/],
  ] as const) {
    const followed = await call(app, method, "/docs", undefined, "");
    assert.equal(followed.status, 302);
    assert.equal(followed.headers.get("location"), "https://example.com/a?b=c");
    assert.match(followed.headers.get("cache-status") ?? "", status);
  }
  const known = await call(app, "GET", "/links/docs");
  assert.deepEqual(await known.json(), { ...link, hits: 2, short: "http://localhost:3000/docs" });
  assert.equal((await call(app, "DELETE", "/links/docs")).status, 204);
  assert.equal((await call(app, "GET", "/docs")).status, 404);
  assert.equal((await call(app, "GET", "/links/docs")).status, 404);
});

test("without a slug one is made up, and none is given twice", async () => {
  const app = await open();
  const made = await call(app, "POST", "/links", { url: "https://example.com/" });
  const { slug } = (await made.json()) as { slug: string };
  assert.match(slug, /^[\da-f]{8}$/);
  assert.equal((await call(app, "POST", "/links", { url: "https://example.org/", slug })).status, 409);
});

test("a link with a TTL is gone when that is over", async (t) => {
  const app = await open();
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  await call(app, "POST", "/links", { url: "https://example.com/", slug: "soon", ttl: 60 });
  await call(app, "GET", "/soon");
  t.mock.timers.tick(60_000);
  assert.equal((await call(app, "GET", "/soon")).status, 404);
  assert.deepEqual(await (await call(app, "GET", "/links")).json(), { links: [] });
});

test("what is no link is refused with the reason", async () => {
  const app = await open();
  const wrong = [
    { url: "javascript:alert(1)" },
    { url: "https://example.com/", slug: "links" },
    { url: "https://example.com/", slug: "No Good" },
    { url: "https://example.com/", ttl: 1 },
    { url: "https://example.com/", other: true },
    [],
  ];
  for (const body of wrong) {
    const response = await call(app, "POST", "/links", body);
    assert.equal(response.status, 422, JSON.stringify(body));
    const { code, issues } = (await response.json()) as { code: string; issues: unknown[] };
    assert.equal(code, "LINK_INVALID");
    assert.equal(issues.length, 1);
  }
  const bare = new Request("http://localhost/links", {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
    body: "{",
  });
  assert.equal((await app.fetch(bare)).status, 400);
});

test("only who shows the token writes", async () => {
  const app = await open();
  for (const [method, path] of [
    ["POST", "/links"],
    ["DELETE", "/links/docs"],
  ] as const) {
    const response = await call(app, method, path, { url: "https://example.com/" }, "a guess");
    assert.equal(response.status, 401);
    assert.equal(response.headers.get("www-authenticate"), 'Bearer realm="links"');
  }
  assert.equal((await call(app, "GET", "/links", undefined, "")).status, 200);
});

test("so many links a minute can be made from one address", async () => {
  const app = await open();
  const make = async () => (await call(app, "POST", "/links", { url: "https://example.com/" })).status;
  for (let at = 0; at < 20; at++) assert.equal(await make(), 201);
  assert.equal(await make(), 429);
  assert.equal((await call(app, "GET", "/links")).status, 200);
});

test("the page shows what people wrote as text", async () => {
  const app = await open();
  const note = `<script>alert("1")</script> & 'more'`;
  await call(app, "POST", "/links", { url: "https://example.com/?a=1&b=<2>", slug: "page", note });
  const response = await call(app, "GET", "/");
  const policy = response.headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'none'/);
  // what shows mistakes over the page under `godwit dev`
  assert.match(policy, /script-src 'self'; connect-src 'self'/);
  const html = await response.text();
  assert.ok(html.includes(`<td>${escapeHtml(note)}</td>`));
  assert.ok(!html.includes("<script>"));
});
