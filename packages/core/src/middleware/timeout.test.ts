import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { appOf, get, linesOf, ORIGIN } from "../app.fixture.ts";
import type { Context, Handler } from "../types.ts";
import { timeout } from "./timeout.ts";

const app = (handler: Handler) => appOf(handler, [timeout({ after: 1000 })]);

test("a handler that takes too long is a 504, and its signal aborts", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let context: Context | undefined;
  const answer = get(
    app((_request, given) => {
      context = given;
      return new Promise(() => {});
    }),
    "/",
  );
  await turn();
  assert.equal(context?.signal.aborted, false);
  t.mock.timers.tick(1000);
  const response = await answer;
  assert.equal(response.status, 504);
  assert.equal((await response.json()).code, "TIMEOUT");
  assert.equal(context?.signal.reason.name, "TimeoutError");
});

test("work that stops because of the signal is still a 504", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const lines = await linesOf(async () => {
    const answer = get(
      app(
        (_request, { signal }) =>
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      ),
      "/",
    );
    await turn();
    t.mock.timers.tick(1000);
    assert.equal((await answer).status, 504);
  });
  assert.equal(lines.length, 1);
});

test("the body of an answer that comes too late is cancelled", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let finish: ((response: Response) => void) | undefined;
  const cancelled = new Promise<string>((resolve) => {
    const body = new ReadableStream({ cancel: () => resolve("cancelled") });
    finish = () => open?.(new Response(body));
  });
  let open: ((response: Response) => void) | undefined;
  const answer = get(
    app(
      () =>
        new Promise((resolve) => {
          open = resolve;
        }),
    ),
    "/",
  );
  await turn();
  t.mock.timers.tick(1000);
  assert.equal((await answer).status, 504);
  finish?.(new Response());
  assert.equal(await cancelled, "cancelled");
});

test("an answer in time passes, and no timer stays behind", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let context: Context | undefined;
  const response = await get(
    app((_request, given) => {
      context = given;
      return new Response("in time");
    }),
    "/",
  );
  t.mock.timers.tick(5000);
  assert.equal(await response.text(), "in time");
  assert.equal(context?.signal.aborted, false);
});

test("a client that goes away still aborts the signal, with its own reason", async () => {
  const client = new AbortController();
  const reasons: unknown[] = [];
  const handler: Handler = (_request, { signal }) => {
    client.abort("gone");
    reasons.push(signal.reason);
    return new Response();
  };
  await app(handler).fetch(new Request(ORIGIN, { signal: client.signal }));
  await app(handler).fetch(new Request(ORIGIN, { signal: client.signal }));
  assert.deepEqual(reasons, ["gone", "gone"]);
});

test("a time that a timer cannot hold is refused when the app starts", () => {
  for (const after of [0, -1, Number.NaN, 2_147_483_648]) {
    assert.throws(() => timeout({ after }), { code: "TIMEOUT_INVALID" });
  }
});
