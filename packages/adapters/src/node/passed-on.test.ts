import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { createApp } from "@godwit/core/app";
import { cache } from "@godwit/core/middleware/cache";
import { rateLimit } from "@godwit/core/middleware/rate-limit";
import { requestId } from "@godwit/core/middleware/request-id";
import { secureHeaders } from "@godwit/core/middleware/secure-headers";
import { concurrency } from "@godwit/core/rate-limit/concurrency";
import { onePattern } from "@godwit/core/router";
import { serve } from "./index.ts";

test("what fetch() gives and middleware copies, since its headers are fixed, is sent as it was decoded", async (t) => {
  const encodings: Record<string, (text: string) => Buffer> = {
    gzip: gzipSync,
    br: brotliCompressSync,
    deflate: deflateSync,
  };
  const origin = createServer(({ url = "" }, response) => {
    const encoding = url.slice(1);
    const encode = encodings[encoding] ?? Buffer.from;
    response.writeHead(200, { "content-encoding": encoding, "content-type": "text/plain" });
    response.end(encode("hello ".repeat(50)));
  }).listen(0, "127.0.0.1");
  await once(origin, "listening");
  t.after(() => origin.close());
  const address = origin.address();
  const base = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const limits = [{ algorithm: concurrency, limit: 1, window: 60_000 }];
  for (const middleware of [[], [secureHeaders(), requestId()], [rateLimit({ limits })], [cache({ ttl: 60 })]]) {
    const module = { GET: (request: Request) => fetch(base + new URL(request.url).pathname) };
    const route = { pattern: "/[[...path]]", module, middleware };
    const server = await serve(createApp(onePattern([{ name: "path", rest: "any" }], route)), {
      port: 0,
      host: "127.0.0.1",
    });
    t.after(() => server.close());
    // Twice: what a cache stores it gives the second time.
    for (const path of ["/gzip", "/br", "/deflate", "/gzip", "/br", "/deflate"]) {
      const response = await fetch(new URL(path, server.url));
      assert.equal(response.headers.get("content-encoding"), null, path);
      assert.equal(await response.text(), "hello ".repeat(50), path);
    }
  }
});
