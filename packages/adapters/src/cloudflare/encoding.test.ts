import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { listenAt } from "../_emulate/listen.ts";
import { buildArtefact } from "./artefact.fixture.ts";
import { emulate } from "./emulate.ts";

const GZIP = gzipSync("hi".repeat(2000));
const INIT = '{ headers: { "content-encoding": "gzip", "content-type": "text/plain" }, status: 201 }';
const BYTES = `Uint8Array.from(${JSON.stringify([...GZIP])})`;

const ROUTES: Record<string, string> = {
  "/bytes": `export const GET = () => new Response(${BYTES}, ${INIT});`,
  "/stream": `export const GET = () => { const bytes = ${BYTES}; let at = 0; return new Response(new ReadableStream({
    pull(controller) { if (at < bytes.length) controller.enqueue(bytes.slice(at, at += 7)); else controller.close(); } }), ${INIT}); };`,
  "/manual": `export const GET = () => new Response(${BYTES}, { ...${INIT}, encodeBody: "manual" });`,
  "/fetched": "export const GET = (request, { env }) => fetch(env.UPSTREAM);",
  "/copied": `export const GET = async (request, { env }) => { const answer = await fetch(env.UPSTREAM);
    const copy = new Response(answer.body, answer); copy.headers.set("x-copy", "1"); return copy; };`,
  "/plain": `export const GET = () => new Response("hi".repeat(2000), ${INIT});`,
  "/none": `export const GET = () => new Response(null, ${INIT});`,
};

test("a body is compressed once, whoever has done it", async (t) => {
  const upstream = createServer((_, answer) => {
    answer.writeHead(201, { "content-encoding": "gzip", "content-type": "text/plain" }).end(GZIP);
  });
  const UPSTREAM = (await listenAt(upstream, 0, "127.0.0.1")).href;
  const artefact = await buildArtefact([{ id: "app", routes: ROUTES }]);
  const emulator = await emulate(
    artefact,
    { miniflare: { path: "", load: () => import("miniflare") } },
    { env: { UPSTREAM } },
  );
  const get = async (path: string): Promise<Buffer> => {
    const headers = { "accept-encoding": "gzip" };
    const response = await emulator.fetch(new Request(new URL(path, "http://app.test"), { headers }));
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("content-encoding"), "gzip");
    return Buffer.from(await response.arrayBuffer());
  };
  try {
    for (const path of ["/bytes", "/stream", "/manual"]) {
      await t.test(`${path} keeps the app's own bytes`, async () => assert.deepEqual(await get(path), GZIP));
    }
    for (const path of ["/fetched", "/copied", "/plain"]) {
      await t.test(`${path} is compressed by workerd`, async () =>
        assert.equal(String(gunzipSync(await get(path))), "hi".repeat(2000)),
      );
    }
    await t.test("no body stays none", async () => assert.equal((await get("/none")).length, 0));
  } finally {
    await emulator.close();
    await artefact.remove();
    upstream.closeAllConnections();
    upstream.close();
  }
});
