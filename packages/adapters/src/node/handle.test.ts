import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp } from "@godwit/core/app";
import { onePattern } from "@godwit/core/router";
import type { App, ExecutionContext } from "@godwit/core/types";
import { serve } from "./index.ts";

const seen: unknown[] = [];
const inner = createApp(
  onePattern(["a"], {
    pattern: "/a",
    middleware: [],
    module: {
      GET(_request, context) {
        seen.push(Object(context.platform.raw).request?.url, context.env === process.env);
        return new Response("a");
      },
    },
  }),
);

async function ask(app: App): Promise<Response> {
  const server = await serve(app, { port: 0, host: "127.0.0.1" });
  try {
    // The first takes the route in; the answer to the second is at hand.
    await fetch(new URL("/a", server.url));
    return await fetch(new URL("/a", server.url));
  } finally {
    await server.close();
  }
}

test("an answer at hand is sent, and a function around the app may still change it", async () => {
  assert.equal(await (await ask(inner)).text(), "a");
  const around: App = {
    async fetch(request, execution) {
      const response = await inner.fetch(request, execution);
      response.headers.set("x-around", "1");
      return response;
    },
  };
  assert.equal((await ask(around)).headers.get("x-around"), "1");
});

test("an execution that is laid under another object still has its parts", async () => {
  seen.length = 0;
  await ask({ fetch: (request, execution?: ExecutionContext) => inner.fetch(request, Object.create(execution ?? {})) });
  assert.deepEqual(seen, ["/a", true, "/a", true]);
});
