import assert from "node:assert/strict";
import { test } from "node:test";
import { startDev } from "./dev.fixture.ts";

const COUNTER = (step: number) => `import { STEP } from "./step.ts";
export class Counter {
  constructor(state) {
    this.storage = state.storage;
  }
  async fetch() {
    const n = ${step} * STEP + ((await this.storage.get("n")) ?? 0);
    await this.storage.put("n", n);
    return new Response(String(n));
  }
}
`;
const ROUTE = (text: string) => `export const GET = async (_request, context) => {
  const { COUNTER } = context.platform.raw;
  const n = await (await COUNTER.get(COUNTER.idFromName("one")).fetch("http://one/")).text();
  await context.store("main").set(n, "");
  const { keys } = await context.store("main").list();
  return new Response("${text} " + n + " of " + keys.length);
};
`;

test("Durable Objects keep their state when a route or their own class is saved, those of stores too", async (t) => {
  const dev = await startDev(
    t,
    {
      "godwit.config.ts": `import { defineConfig, durableObject } from "godwit";
export default defineConfig({
  stores: { main: { cloudflare: durableObject("STATE") } },
  cloudflare: { durableObjects: { COUNTER: { class: "Counter", module: "objects/counter.ts" } } },
});
`,
      "routes/index.ts": ROUTE("one"),
      "objects/counter.ts": COUNTER(1),
      "objects/step.ts": "export const STEP = 1;\n",
    },
    ["--target", "cloudflare"],
  );
  assert.equal(await dev.text("/"), "one 1 of 1");
  await dev.write("routes/index.ts", ROUTE("two"));
  await dev.until("/", /^two /);
  const [, n = ""] = /^two (\d+)/.exec(await dev.text("/")) ?? [];
  await dev.write("objects/counter.ts", COUNTER(1_000));
  await dev.says(/restarted: objects\/counter\.ts has changed/);
  const [, more = "", keys] = /^two (\d+) of (\d+)/.exec(await dev.text("/")) ?? [];
  assert.ok(Number(more) >= 1_000 + Number(n) && Number(keys) > 2, more);
  await dev.write("objects/step.ts", "export const STEP = 1_000;\n");
  await dev.says(/restarted: objects\/step\.ts has changed/);
  await dev.until("/", /^two \d{7} /);
});
