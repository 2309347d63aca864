import assert from "node:assert/strict";
import { test } from "node:test";
import { loadApp } from "godwit";

test("greets by name", async () => {
  const app = await loadApp(import.meta.dirname);
  const response = await app.fetch(new Request("http://localhost/hello/Ada%20L"));
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { hello: "Ada L" });
});

test("what no route matches is a 404 problem document", async () => {
  const app = await loadApp(import.meta.dirname);
  const response = await app.fetch(new Request("http://localhost/nowhere"));
  assert.equal(response.status, 404);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
});
