import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { createApp } from "@godwit/core/app";
import { secureHeaders } from "@godwit/core/middleware/secure-headers";
import { onePattern } from "@godwit/core/router";
import { httpEvent, lambdaContext } from "./events.fixture.ts";
import { toHandler } from "./index.ts";
import type { Result } from "./results.ts";

/** An origin that compresses what it sends. */
async function startOrigin(t: TestContext): Promise<string> {
  const zipped = gzipSync("plain ".repeat(500));
  const origin = createServer((_, response) =>
    response
      .writeHead(200, { "content-type": "text/plain", "content-encoding": "gzip", "content-length": zipped.length })
      .end(zipped),
  ).listen(0, "127.0.0.1");
  await once(origin, "listening");
  t.after(() => origin.close());
  const address = origin.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

test("an answer of fetch() that is passed on does not call its plain bytes compressed, copied by middleware or not", async (t) => {
  const url = await startOrigin(t);
  for (const middleware of [[], [secureHeaders()]]) {
    const route = { pattern: "/", module: { GET: () => fetch(url) }, middleware };
    const handler = toHandler(createApp(onePattern([], route)));
    const result = (await handler(httpEvent({ rawPath: "/" }), lambdaContext())) as Result; // of this format
    assert.deepEqual(
      [result.headers?.["content-encoding"], result.headers?.["content-length"], result.isBase64Encoded],
      [undefined, "3000", false],
    );
    assert.equal(result.body, "plain ".repeat(500));
  }
});
