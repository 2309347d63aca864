import assert from "node:assert/strict";
import { buildApp, createClock } from "./apps.fixture.ts";
import { inNothing, open, ship, textOf, vendor } from "./cloudflare.fixture.ts";
import { testFaults } from "./faults.fixture.ts";

const SECRET = "canary-2f9b81d0c4";

const ROOM = { class: "Room", module: "room.ts" };

const appOf = (text: string) => ({
  "routes/index.ts": `export const GET = () => new Response(${JSON.stringify(text)});`,
  "public/a.txt": text,
  "room.ts": "export class Room {}\nexport class Hall {}",
  "env.ts": 'import { defineEnv } from "@godwit/core";\nexport default defineEnv({ secrets: ["KEY"] });',
});

testFaults({
  refusal: { success: false, errors: [{ code: 10013, message: "No." }], messages: [], result: null },
  build: async (t) => ({
    one: await buildApp(t, "cloudflare", appOf("one"), { durableObjects: { ROOM } }),
    two: await buildApp(t, "cloudflare", appOf("two"), {
      kv: { LINKS: {} },
      durableObjects: { ROOM, HALL: { ...ROOM, class: "Hall" } },
      domains: ["links.example.com"],
    }),
  }),
  async start(t, folder, fault) {
    const plane = await (await vendor()).rehearse?.({ folder, run: inNothing, ...(fault && { fault }) });
    assert.ok(plane);
    t.after(() => plane.close());
    return plane;
  },
  async ship(plane, artefact, { later = 0, signal = new AbortController().signal } = {}) {
    const said: string[] = [];
    const input = {
      secrets: { KEY: SECRET },
      env: { ...plane.env, GODWIT_CALL_TIMEOUT: "800" },
      clock: createClock(Date.now() + later),
      signal,
      warn: (line: string) => said.push(line),
    };
    try {
      const done = await ship(plane, artefact, input, { onEvent: (event) => said.push(JSON.stringify(event)) });
      said.push(JSON.stringify(done));
      return done.outcome;
    } catch (error) {
      said.push(error instanceof Error ? `${error.stack}${error.cause}` : String(error));
      throw error;
    } finally {
      assert.ok(!said.join().includes(SECRET));
    }
  },
  async ask(plane) {
    const [url] = await (await open(plane, undefined)).urls();
    return url ? textOf(url) : "nothing";
  },
  // between the two, what the name's first version says: 503, and no text in these tests
  first: /^(?:nothing||two)$/,
});
