import assert from "node:assert/strict";
import { test } from "node:test";
import { recordBody } from "./record.ts";

const bytes = (...given: number[]) => new Uint8Array(given);

function source(chunks: Uint8Array<ArrayBuffer>[], fault?: Error): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks[at++];
      if (chunk) controller.enqueue(chunk);
      else if (fault) controller.error(fault);
      else controller.close();
    },
  });
}

function record(body: ReadableStream<Uint8Array<ArrayBuffer>>, most: number) {
  const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>();
  return { stream: recordBody(body, most, resolve), copy: promise };
}

test("a body passes as it is, and is copied", async () => {
  const { stream, copy } = record(source([bytes(1, 2), bytes(3)]), 3);
  assert.deepEqual(await new Response(stream).bytes(), bytes(1, 2, 3));
  assert.deepEqual(await copy, bytes(1, 2, 3));
});

test("a reader that goes away does not stop the copy", async () => {
  const { stream, copy } = record(source([bytes(1), bytes(2), bytes(3)]), 3);
  await stream.cancel();
  assert.deepEqual(await copy, bytes(1, 2, 3));
});

test("a body over the bound passes whole, paced by its reader, and is not copied", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        controller.enqueue(bytes(++pulled & 255));
      },
    },
    { highWaterMark: 0 },
  );
  const { stream, copy } = record(endless, 2);
  assert.equal(await copy, undefined);
  const reader = stream.getReader();
  for (let n = 1; n < 9; n++) assert.equal((await reader.read()).value?.[0], n);
  assert.ok(pulled < 12, `${pulled}`);
  await reader.cancel();
});

test("a body that fails is no copy, and fails its reader", async () => {
  const { stream, copy } = record(source([bytes(1)], new Error("cut")), 9);
  assert.equal(await copy, undefined);
  await assert.rejects(new Response(stream).bytes(), /cut/);
});
