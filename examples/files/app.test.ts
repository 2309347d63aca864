import assert from "node:assert/strict";
import { test } from "node:test";
import { loadApp } from "godwit";

const load = () => loadApp(import.meta.dirname);
const at = (path: string, init?: RequestInit) => new Request(`http://localhost${path}`, init);

test("an upload is answered with what came, by its hash", async () => {
  const app = await load();
  const body = new FormData();
  body.set("photo", new File([new Uint8Array([0, 255, 10])], "a.bin", { type: "application/octet-stream" }));
  const response = await app.fetch(at("/uploads", { method: "POST", body }));
  assert.equal(response.status, 201);
  const { files } = (await response.json()) as { files: { field: string; bytes: number; sha256: string }[] };
  assert.equal(files[0]?.field, "photo");
  assert.equal(files[0]?.bytes, 3);
  assert.equal(files[0]?.sha256.length, 64);
});

test("a body over a megabyte is a 413", async () => {
  const app = await load();
  const response = await app.fetch(at("/uploads", { method: "PUT", body: new Uint8Array(1_000_001) }));
  assert.equal(response.status, 413);
});

test("a download answers ranges and validators", async () => {
  const app = await load();
  const part = await app.fetch(at("/files/lines-1000", { headers: { range: "bytes=0-6" } }));
  assert.equal(part.status, 206);
  assert.equal(await part.text(), "line 1\n");
  const same = await app.fetch(at("/files/lines-1000", { headers: { "if-none-match": '"lines-1000"' } }));
  assert.equal(same.status, 304);
  assert.equal((await app.fetch(at("/files/none"))).status, 404);
});

test("the countdown is a stream of events", async () => {
  const app = await load();
  const text = await (await app.fetch(at("/countdown"))).text();
  assert.deepEqual(text.match(/^data: .*$/gm), ["data: 3", "data: 2", "data: 1", "data: lift-off"]);
});
