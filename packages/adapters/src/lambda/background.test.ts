import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { createBackground } from "./index.ts";

/** The two calls of the Extensions API, with their events held until a test sends them. */
async function withApi(status: number, use: (api: { seen: string[]; next: ServerResponse[] }) => Promise<void>) {
  const seen: string[] = [];
  const next: ServerResponse[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      const { "lambda-extension-name": name, "lambda-extension-identifier": id } = request.headers;
      seen.push(`${request.method} ${request.url} ${name ?? id} ${body}`.trim());
      if (request.method === "GET") next.push(response);
      else response.writeHead(status, { "lambda-extension-identifier": "id-1" }).end("{}");
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  process.env.AWS_LAMBDA_RUNTIME_API = `127.0.0.1:${typeof address === "object" && address?.port}`;
  try {
    await use({ seen, next });
  } finally {
    Reflect.deleteProperty(process.env, "AWS_LAMBDA_RUNTIME_API");
    Reflect.deleteProperty(process.env, "AWS_LAMBDA_MAX_CONCURRENCY");
    server.closeAllConnections();
    server.close();
  }
}

const until = async (is: () => boolean) => {
  while (!is()) await wait(1);
};
const invoke = (response: ServerResponse | undefined, requestId: string) =>
  response?.end(JSON.stringify({ eventType: "INVOKE", requestId, deadlineMs: Date.now() + 5000 }));

test("the extension asks for its next event only when the invocation's work has settled", async (context) => {
  const warned = context.mock.method(console, "warn", () => {});
  await withApi(200, async ({ seen, next }) => {
    const background = await createBackground();
    await until(() => next.length === 1);
    assert.deepEqual(seen, [
      'POST /2020-01-01/extension/register godwit {"events":["INVOKE"]}',
      "GET /2020-01-01/extension/event/next id-1",
    ]);
    // The event comes first.
    invoke(next[0], "a");
    const first = Promise.withResolvers<void>();
    assert.equal(background?.hold("a", first.promise), true);
    await wait(10);
    assert.equal(next.length, 1);
    first.resolve();
    await until(() => next.length === 2);
    // The invocation comes first.
    assert.equal(background?.hold("b", Promise.resolve()), true);
    await wait(10);
    assert.equal(next.length, 2);
    invoke(next[1], "b");
    await until(() => next.length === 3);
    // Lambda goes away.
    next[2]?.destroy();
    await until(() => warned.mock.callCount() === 1);
    assert.equal(background?.hold("c", Promise.resolve()), false);
  });
});

test("an invocation that never reaches the handler holds the environment no longer than its deadline", async (context) => {
  const warned = context.mock.method(console, "warn", () => {});
  await withApi(200, async ({ next }) => {
    await createBackground();
    await until(() => next.length === 1);
    next[0]?.end(JSON.stringify({ eventType: "INVOKE", requestId: "a", deadlineMs: Date.now() + 5 }));
    await until(() => next.length === 2);
  });
  await until(() => warned.mock.callCount() === 1);
  assert.match(String(warned.mock.calls[0]?.arguments[0]), /lost Lambda/);
});

test("without Lambda, when it refuses, and with several invocations at a time there is no background", async (context) => {
  const warned = context.mock.method(console, "warn", () => {});
  assert.equal(await createBackground(), undefined);
  assert.equal(warned.mock.callCount(), 0);
  await withApi(403, async () => {
    assert.equal(await createBackground(), undefined);
    assert.equal(warned.mock.callCount(), 1);
  });
  await withApi(200, async ({ seen }) => {
    process.env.AWS_LAMBDA_MAX_CONCURRENCY = "8";
    assert.equal(await createBackground(), undefined);
    assert.deepEqual(seen, []);
  });
});
