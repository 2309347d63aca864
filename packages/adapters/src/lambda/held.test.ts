import assert from "node:assert/strict";
import { test } from "node:test";
import { get, start } from "./_emulate/artefact.fixture.ts";

const url = (specifier: string) => JSON.stringify(import.meta.resolve(specifier));

const functionOf = (make: string) => `
import { createApp } from ${url("@godwit/core/app")};
import { onePattern } from ${url("@godwit/core/router")};
import { rateLimit } from ${url("@godwit/core/middleware/rate-limit")};
import { concurrency } from ${url("@godwit/core/rate-limit/concurrency")};
import { createBackground, toHandler, toStreamingHandler } from ${url("./index.ts")};
function GET({ url }) {
  const path = new URL(url).pathname;
  if (path === "/empty") return new Response(null, { status: 204 });
  let left = 3;
  return new Response(new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (path === "/fails" && left === 1) return controller.error(new Error("broken"));
      if (left-- > 0) controller.enqueue(new TextEncoder().encode("part "));
      else controller.close();
    },
  }), { headers: { "content-type": "text/plain" } });
}
const limits = [{ algorithm: concurrency, limit: 1, window: 3_600_000 }];
const route = { pattern: "/[[...all]]", module: { GET }, middleware: [rateLimit({ limits })] };
const app = createApp(onePattern([{ name: "all", rest: "any" }], route));
export const handler = ${make};
`;

for (const [make, front] of [
  // Here what is under way is done before the answer.
  ["toHandler(app)", "http-api"],
  ["toHandler(app, { background: await createBackground() })", "http-api"],
  ["toStreamingHandler(app)", "function-url-stream"],
] as const) {
  test(`a unit of concurrency is given back after each answer of ${make}, and nothing waits for itself`, async (t) => {
    const emulator = await start(t, functionOf(make), { front });
    for (let at = 0; at < 3; at++) {
      const response = await get(emulator, "/x");
      assert.deepEqual([response.status, await response.text()], [200, "part part part "]);
      assert.equal((await get(emulator, "/empty")).status, 204);
    }
    await get(emulator, "/fails")
      .then((response) => response.text())
      .catch(() => {});
    assert.equal((await get(emulator, "/empty")).status, 204);
  });
}
