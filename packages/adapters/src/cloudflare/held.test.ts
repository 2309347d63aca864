import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { startWorker } from "./store.fixture.ts";

const SOURCE = `
import { createApp } from "@godwit/core/app";
import { rateLimit } from "@godwit/core/middleware/rate-limit";
import { concurrency } from "@godwit/core/rate-limit/concurrency";
import { onePattern } from "@godwit/core/router";
import { toWorker } from "./index.ts";
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
function GET({ url }) {
  const { pathname } = new URL(url);
  if (pathname === "/socket") {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    return new Response(null, { status: 101, webSocket: client });
  }
  if (pathname !== "/endless") return new Response("in");
  return new Response(new ReadableStream({
    async pull(controller) {
      await wait(5);
      controller.enqueue(new TextEncoder().encode("part "));
    },
  }));
}
const middleware = [rateLimit({ limits: [{ algorithm: concurrency, limit: 1, window: 3_600_000 }] })];
const route = { pattern: "/[[...path]]", module: { GET }, middleware };
export default toWorker(createApp(onePattern([{ name: "path", rest: "any" }], route)));
`;

test("in workerd a unit of concurrency is held while a body streams, and comes back with a client that goes away", async (t) => {
  // As every build has it.
  const runtime = await startWorker(SOURCE, { compatibilityFlags: ["enable_request_signal"] });
  t.after(() => runtime.dispose());
  const url = await runtime.ready;
  const ask = async () => {
    const response = await fetch(url);
    await response.text();
    return response.status;
  };
  // The body is there before workerd has done what comes after it.
  const getIn = async () => {
    let status = 429;
    while (status === 429) status = await ask();
    return status;
  };
  for (let at = 0; at < 3; at++) assert.equal(await getIn(), 200);
  const upgraded = await runtime.dispatchFetch(`${url}socket`, { headers: { upgrade: "websocket" } });
  assert.equal(upgraded.status, 101);
  assert.equal(await getIn(), 200);

  const socket = connect(Number(url.port), url.hostname);
  socket.write(`GET /endless HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
  await new Promise<void>((resolve) => socket.on("data", (data) => String(data).includes("part") && resolve()));
  assert.equal(await ask(), 429);
  socket.destroy();
  assert.equal(await getIn(), 200);
});
