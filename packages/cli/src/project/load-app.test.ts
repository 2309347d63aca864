import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExecutionContext } from "@godwit/core/types";
import { createApp } from "../cli.fixture.ts";
import { loadApp } from "./load-app.ts";

const local = (env: Record<string, string>): ExecutionContext => ({
  env,
  waitUntil() {},
  platform: { name: "test", raw: undefined },
});

const COUNT = `
  import { createKey } from "@godwit/core";
  const key = createKey("count");
  let inModule = 0;
  export const GET = (_, context) => {
    const state = context.shared(key, () => ({ count: 0 }));
    return new Response(String(++state.count) + " " + ++inModule);
  };`;

test("each call gives an app with a state of its own", async (t) => {
  const root = await createApp(t, { "routes/index.ts": COUNT });
  const [first, second] = [await loadApp(root), await loadApp(root)];
  const ask = async (app: typeof first) => (await app.fetch(new Request("http://localhost/"))).text();
  assert.deepEqual([await ask(first), await ask(first), await ask(second)], ["1 1", "2 2", "1 1"]);
});

test("variables are those of .env and .env.test, or what the test passes", async (t) => {
  const root = await createApp(t, {
    "env.ts": 'import { defineEnv } from "@godwit/core"; export default defineEnv({ secrets: ["ONE", "TWO"] });',
    "routes/index.ts": "export const GET = (_, { env }) => Response.json(env);",
    ".env": "ONE='quoted # no comment'\nTWO=base\n",
    ".env.test": "TWO=test\n",
    ".env.dev": "TWO=dev\n",
  });
  const app = await loadApp(root);
  const first = await app.fetch(new Request("http://localhost/"));
  assert.deepEqual(await first.json(), { ONE: "quoted # no comment", TWO: "test" });
  const other = await loadApp(root);
  const second = await other.fetch(new Request("http://localhost/"), local({ ONE: "1", TWO: "2" }));
  assert.deepEqual(await second.json(), { ONE: "1", TWO: "2" });
});

test("a stack has the lines of the app's own TypeScript", async (t) => {
  const root = await createApp(t, {
    "routes/index.ts": `
interface Long {
  a: string;
}
export function GET(_: Request, context: { error?: unknown }) {
  const long: Long = { a: "bang" };
  return new Response(new Error(long.a).stack);
}`,
  });
  const app = await loadApp(root);
  assert.match(await (await app.fetch(new Request("http://localhost/"))).text(), /routes\/index\.ts:7:23/);
});

test("a file that is no TypeScript is an error with its line", async (t) => {
  const root = await createApp(t, { "routes/index.ts": "export const GET = () => {\n  return (;\n};\n" });
  await assert.rejects(loadApp(root), { message: /routes\/index\.ts:2:11/ });
});
