import assert from "node:assert/strict";
import { test } from "node:test";
import type { Emulator } from "@godwit/bundler/contracts";
import { once } from "../_http/raw.fixture.ts";
import { type AppFixture, buildApp } from "./build.fixture.ts";
import { emulate } from "./emulate.ts";

const LARGE = Uint8Array.from({ length: 200_000 }, (_, at) => at % 251);

const APP: AppFixture = {
  routes: { "/[...path]": { source: "export default (request) => new Response('route ' + request.method);" } },
  assets: {
    "/hello.txt": "hello world",
    "/empty.txt": "",
    "/large.bin": LARGE,
    "/a b/ü.txt": "named",
    "/nested/deep.txt": "deep",
  },
};

async function withFiles(
  use: (get: (path: string, init?: RequestInit) => Promise<Response>, url: URL) => Promise<void>,
) {
  const { artefact, remove } = await buildApp(APP);
  let emulator: Emulator | undefined;
  try {
    emulator = await emulate(artefact, {});
    const { url } = emulator;
    await use((path, init) => fetch(new URL(path, url), init), url);
  } finally {
    await emulator?.close();
    remove();
  }
}

test("files win over routes, with type, length, tag and revalidation", async () => {
  await withFiles(async (get) => {
    const response = await get("/hello.txt");
    assert.equal(await response.text(), "hello world");
    assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(response.headers.get("content-length"), "11");
    assert.equal(response.headers.get("cache-control"), "public, max-age=0, must-revalidate");
    const etag = response.headers.get("etag") ?? "";
    const again = await get("/hello.txt", { headers: { "if-none-match": etag } });
    assert.equal(again.status, 304);
    assert.equal(await again.text(), "");
    const head = await get("/hello.txt", { method: "HEAD" });
    assert.equal(head.headers.get("content-length"), "11");
    assert.equal(await (await get("/empty.txt")).text(), "");
    assert.equal(await (await get("/a%20b/%C3%BC.txt")).text(), "named");
  });
});

test("ranges of small and large files, and those that cannot be", async () => {
  await withFiles(async (get) => {
    const part = await get("/hello.txt", { headers: { range: "bytes=6-" } });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get("content-range"), "bytes 6-10/11");
    assert.equal(await part.text(), "world");
    const whole = await get("/large.bin");
    assert.deepEqual(new Uint8Array(await whole.arrayBuffer()), LARGE);
    const large = await get("/large.bin", { headers: { range: "bytes=1000-150999" } });
    assert.deepEqual(new Uint8Array(await large.arrayBuffer()), LARGE.subarray(1000, 151_000));
    assert.equal((await get("/hello.txt", { headers: { range: "bytes=99-" } })).status, 416);
  });
});

test("no path leads out of public", async () => {
  await withFiles(async (_get, url) => {
    const paths = [
      "/../server.mjs",
      "/%2e%2e/server.mjs",
      "/..%2fserver.mjs",
      "/nested/..%2f..%2fserver.mjs",
      "/nested%2Fdeep.txt",
      "/..\\server.mjs",
      "/%5c..%5cserver.mjs",
      "//server.mjs",
      "/hello.txt%00",
      "/__proto__",
      "/constructor",
      "/assets.json",
    ];
    for (const path of paths) {
      assert.doesNotMatch(await once(url, `GET ${path} HTTP/1.1`), /import|hello world|deep|\[11,/, path);
    }
  });
});

test("what is neither GET nor HEAD goes to the route", async () => {
  await withFiles(async (get) => {
    assert.equal(await (await get("/hello.txt", { method: "POST" })).text(), "route POST");
    assert.equal(await (await get("/other.txt")).text(), "route GET");
  });
});
