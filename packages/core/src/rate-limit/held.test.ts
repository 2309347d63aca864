import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, execution, linesOf, ORIGIN } from "../app.fixture.ts";
import { rateLimit } from "../middleware/rate-limit.ts";
import { open as openMemory } from "../stores/memory.ts";
import { openStores } from "../stores/open.ts";
import type { CounterStore } from "../stores/store.ts";
import type { Handler } from "../types.ts";
import { concurrency } from "./concurrency.ts";
import { fixedWindow } from "./fixed-window.ts";

const HOUR = 3_600_000;
const limits = [{ algorithm: concurrency, limit: 1, window: HOUR }];

/** An app with room for one. `ask` keeps what the platform waits for in `work`. */
function roomForOne(handler: Handler, given: Partial<Parameters<typeof rateLimit>[0]> = {}, counters?: CounterStore) {
  const store = { ...openMemory(), ...(counters && { counters }) };
  const app = appOf(handler, [rateLimit({ limits, store: "main", ...given })], {
    stores: openStores({ main: { open: () => store } }),
  });
  const work: Promise<unknown>[] = [];
  const ask = (init?: RequestInit) =>
    app.fetch(
      new Request(ORIGIN, init),
      execution({ ip: "192.0.2.1", waitUntil: (promise) => void work.push(promise) }),
    );
  /** Whether one more gets in; it is given back. */
  const hasRoom = async () => {
    const response = await ask({ method: "HEAD" });
    await turn();
    return response.status === 200;
  };
  return { ask, hasRoom, work };
}

/** What the memory has to do is done by then. */
const turn = () => new Promise((resolve) => setImmediate(resolve));
const bytes = (text: string) => new TextEncoder().encode(text);

test("a unit is held until the body has ended, and the body is what it was", async () => {
  const gate = Promise.withResolvers<void>();
  const { ask, hasRoom } = roomForOne(({ method }) => {
    if (method === "HEAD") return new Response();
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(bytes("one "));
        await gate.promise;
        controller.enqueue(bytes("two"));
        controller.close();
      },
    });
    return new Response(body, { status: 203, statusText: "Own", headers: { "x-own": "1" } });
  });
  const response = await ask();
  assert.deepEqual([response.status, response.statusText, response.headers.get("x-own")], [203, "Own", "1"]);
  assert.equal(response.headers.get("ratelimit"), '"1-at-once";r=0');
  const reader = response.body?.getReader();
  assert.equal(new TextDecoder().decode((await reader?.read())?.value), "one ");
  assert.equal(await hasRoom(), false);
  gate.resolve();
  assert.equal(new TextDecoder().decode((await reader?.read())?.value), "two");
  assert.equal((await reader?.read())?.done, true);
  await turn();
  assert.equal(await hasRoom(), true);
});

test("a body that is wanted no more gives its unit back, and hears of it", async () => {
  const heard: unknown[] = [];
  const { ask, hasRoom } = roomForOne(({ method }) =>
    method === "HEAD"
      ? new Response()
      : new Response(new ReadableStream({ cancel: (reason) => void heard.push(reason) })),
  );
  const response = await ask();
  assert.equal(await hasRoom(), false);
  await response.body?.cancel("gone");
  assert.deepEqual(heard, ["gone"]);
  await turn();
  assert.equal(await hasRoom(), true);
});

test("a body that fails gives its unit back, and fails", async () => {
  const { ask, hasRoom } = roomForOne(({ method }) =>
    method === "HEAD"
      ? new Response()
      : new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("broken")) })),
  );
  await assert.rejects((await ask()).text(), /broken/);
  await turn();
  assert.equal(await hasRoom(), true);
});

test("a client that goes away gives its unit back, even where nobody reads or cancels the body", async () => {
  const client = new AbortController();
  const { ask, hasRoom } = roomForOne(({ method }) => new Response(method === "HEAD" ? null : "x"));
  await ask({ signal: client.signal });
  assert.equal(await hasRoom(), false);
  client.abort();
  await turn();
  assert.equal(await hasRoom(), true);
  await ask({ signal: client.signal });
  await turn();
  assert.equal(await hasRoom(), true);
});

test("an answer without a body, and one to HEAD, give their unit back at once", async () => {
  for (const handler of [() => new Response(null, { status: 204 }), () => new Response("x")]) {
    const { ask, work } = roomForOne(handler);
    for (let at = 0; at < 3; at++) {
      assert.ok((await ask({ method: "HEAD" })).ok);
      await Promise.all(work);
    }
  }
});

test("nothing waits for a body before somebody reads it: a platform may end its work before it answers", async () => {
  const { ask, hasRoom, work } = roomForOne(() => new Response("x"));
  const response = await ask();
  await Promise.all(work);
  assert.equal(await response.text(), "x");
  assert.equal(work.length, 1, "one take gives back");
  await turn();
  assert.equal(await hasRoom(), true);
});

test("other limits leave the response as it is", async () => {
  const own = new Response("x");
  const { ask } = roomForOne(() => own, { limits: [{ algorithm: fixedWindow, limit: 1, window: HOUR }] });
  own.headers.set("content-type", "text/plain");
  assert.equal(await ask(), own);
});

test("what a request has spent is taken with the unit that it gives back, and what is no number is none", async () => {
  const both = [...limits, { algorithm: fixedWindow, limit: 10, window: 24_000 * HOUR, name: "all" }];
  let spent: number | undefined = 4;
  const { ask, work } = roomForOne(() => new Response("x"), { limits: both, spent: async () => spent ?? Number.NaN });
  const left = async () => {
    const response = await ask();
    await response.text();
    await Promise.all(work);
    return [response.status, /"all";r=(\d+)/.exec(response.headers.get("ratelimit") ?? "")?.[1]];
  };
  assert.deepEqual(await left(), [200, "9"]);
  assert.deepEqual(await left(), [200, "5"]);
  spent = undefined;
  const lines = await linesOf(async () => assert.deepEqual(await left(), [200, "1"]));
  assert.match(JSON.stringify(lines), /spent\(\) failed/);
  assert.deepEqual(await left(), [200, "0"]);
});

test("a unit that a store took too late is given back", async () => {
  const { counters } = openMemory();
  assert.ok(counters);
  let late = true;
  const take: CounterStore["take"] = async (...given) => {
    const taken = await counters.take(...given);
    if (late) await new Promise((resolve) => setTimeout(resolve, 50));
    return taken;
  };
  const { ask, hasRoom, work } = roomForOne(() => new Response("x"), { deadline: 5 }, { ...counters, take });
  await linesOf(async () => assert.equal((await ask()).status, 200));
  late = false;
  await Promise.all(work);
  assert.equal(await hasRoom(), true);
});
