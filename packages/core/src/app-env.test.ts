import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, errorOf, execution, get, linesOf } from "./app.fixture.ts";
import { defineEnv } from "./env.ts";
import type { Middleware } from "./types.ts";

const hi = () => new Response("hi");
const mark =
  (name: string): Middleware =>
  async (_request, _context, next) => {
    const response = await next();
    response.headers.append("x-order", name);
    return response;
  };

test("a wrong env fails every request alike, inside the root middleware, and names no value", async () => {
  const env = defineEnv({ secrets: ["API_KEY"] });
  const app = appOf(hi, [], { env, middleware: [mark("root")] });
  const lines = await linesOf(async () => {
    for (const path of ["/", "/nowhere/"]) {
      const response = await get(app, path, {}, execution({ env: {} }));
      assert.deepEqual([response.status, response.headers.get("x-order")], [500, "root"]);
      assert.doesNotMatch(await response.text(), /API_KEY/);
    }
  });
  assert.equal(errorOf(lines[0]).code, "ENV_INVALID");
  assert.match(errorOf(lines[0]).message, /API_KEY is missing/);
});

test("an env is parsed once for each bindings object, and without a definition it is the bindings", async () => {
  let parses = 0;
  const env = { names: [], secrets: [], parse: () => ({ n: ++parses }) };
  const app = appOf((_request, context) => Response.json(context.env), [], { env });
  const raw = {};
  const of = async (given: unknown) => (await get(app, "/", {}, execution({ env: given }))).json();
  assert.deepEqual([await of(raw), await of(raw), await of({})], [{ n: 1 }, { n: 1 }, { n: 2 }]);
  const plain = appOf((_request, context) => Response.json(context.env));
  assert.deepEqual(await (await get(plain, "/", {}, execution({ env: { A: "1" } }))).json(), { A: "1" });
});
