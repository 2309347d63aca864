import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp } from "@godwit/core/app";
import { rateLimit } from "@godwit/core/middleware/rate-limit";
import { concurrency } from "@godwit/core/rate-limit/concurrency";
import { onePattern } from "@godwit/core/router";
import { toEdge } from "./index.ts";

const middleware = [rateLimit({ limits: [{ algorithm: concurrency, limit: 1, window: 3_600_000 }] })];
const route = { pattern: "/", module: { GET: () => new Response("body") }, middleware };

test("where a launcher has no waitUntil, an answer waits for no body that nobody can read before it", async () => {
  const handler = toEdge(createApp(onePattern([], route)));
  for (let at = 0; at < 3; at++) {
    const response = await handler(new Request("https://app.example/"));
    assert.deepEqual([response.status, await response.text()], [200, "body"]);
  }
});
