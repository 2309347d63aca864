import { buildApp } from "./apps.fixture.ts";
import { testFaults } from "./faults.fixture.ts";
import { appOf, open, ship, startEmpty, textOf } from "./vercel.fixture.ts";

const secret = {
  "env.ts": 'import { defineEnv } from "@godwit/core";\nexport default defineEnv({ secrets: ["KEY"] });',
};

testFaults({
  refusal: { error: { code: "any", message: "No." } },
  build: async (t) => ({
    one: await buildApp(t, "vercel", { ...appOf("word-one"), ...secret }),
    two: await buildApp(t, "vercel", { ...appOf("word-two"), ...secret }),
  }),
  start: startEmpty,
  ship,
  async ask(plane) {
    const [url] = await (await open(plane, undefined)).urls();
    return url ? (await textOf(url)).replace("word-", "") : "nothing";
  },
});
