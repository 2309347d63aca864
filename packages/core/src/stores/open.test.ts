import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp } from "../app.ts";
import { onePattern } from "../router.ts";
import type { AnyHandler, App } from "../types.ts";
import { open } from "./memory.ts";
import { type OpenableStore, openStores } from "./open.ts";
import type { OpenStore } from "./store.ts";

function appWith(stores: Record<string, OpenableStore>, GET: AnyHandler): App {
  const route = { pattern: "/", module: { GET }, middleware: [] };
  return createApp(onePattern([], route), { stores: openStores(stores), dev: true });
}

const request = () => new Request("http://localhost/");

test("a store is opened on first use, once an app, with its name and the raw bindings", async () => {
  const given: OpenStore[] = [];
  const main = {
    open(how: OpenStore) {
      given.push(how);
      return open();
    },
  };
  const app = appWith({ main }, async (_, context) => {
    const store = context.store("main");
    const count = Number((await store.get("count"))?.text() ?? 0) + 1;
    await store.set("count", String(count));
    return new Response(String(count));
  });
  assert.equal(given.length, 0);
  const execution = { env: { A: "b" }, waitUntil() {}, platform: { name: "test", raw: undefined } };
  assert.equal(await (await app.fetch(request(), execution)).text(), "1");
  assert.equal(await (await app.fetch(request(), execution)).text(), "2");
  assert.deepEqual(given, [{ name: "main", bindings: { A: "b" } }]);
});

test("a name that is not there is an error that knows the others", async () => {
  for (const name of ["other", "toString"]) {
    const app = appWith({ main: { open: () => open() } }, (_, context) => Response.json(context.store(name)));
    const response = await app.fetch(request());
    assert.equal(response.status, 500);
    assert.match(await response.text(), /STORE_UNKNOWN.*known: main/);
  }
});

test("two apps have two states", async () => {
  const make = () =>
    appWith({ main: { open: () => open() } }, async (_, context) => {
      await context.store("main").set(crypto.randomUUID(), "");
      return Response.json((await context.store("main").list()).keys.length);
    });
  const [one, two] = [make(), make()];
  const ask = async (app: App) => (await app.fetch(request())).json();
  assert.deepEqual([await ask(one), await ask(one), await ask(two)], [1, 2, 1]);
});
