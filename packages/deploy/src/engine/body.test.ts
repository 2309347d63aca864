import assert from "node:assert/strict";
import { test } from "node:test";
import { readText } from "./body.ts";

test("a body is read as text, and one that is too large is given up", async () => {
  assert.equal(await readText(new Response("ü€"), 5), "ü€");
  assert.equal(await readText(new Response(null), 5), "");
  let pulled = 0;
  const endless = new ReadableStream({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(1000));
    },
  });
  await assert.rejects(readText(new Response(endless), 10_000), /more than 10000 bytes/);
  assert.ok(pulled < 20, `${pulled}`);
});
