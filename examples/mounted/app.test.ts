import assert from "node:assert/strict";
import { test } from "node:test";
import { loadApp } from "godwit";

const bindings = { env: { GREETING: "hello" }, waitUntil: () => {}, platform: { name: "test", raw: undefined } };

test("the Hono app answers under /api with its own routing", async () => {
  const app = await loadApp(import.meta.dirname);
  const user = await app.fetch(new Request("http://localhost/api/users/7"), bindings);
  assert.deepEqual(await user.json(), { id: "7", greeting: "hello" });
  const cookies = await app.fetch(new Request("http://localhost/api/cookies"), bindings);
  assert.deepEqual(cookies.headers.getSetCookie(), ["a=1", "b=2"]);
});

test("the Worker module answers under /legacy and sees its bindings", async () => {
  const app = await loadApp(import.meta.dirname);
  const found = await app.fetch(new Request("http://localhost/legacy/x"), bindings);
  assert.deepEqual(await found.json(), { pathname: "/legacy/x", greeting: "hello" });
  const echo = await app.fetch(new Request("http://localhost/legacy/echo", { method: "POST", body: "once" }), bindings);
  assert.equal(await echo.text(), "once");
});
