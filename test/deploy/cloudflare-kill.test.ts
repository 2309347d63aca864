/**
 * A deploy's process is killed after each call that changes something: a client that asks all the time sees no failure,
 * and the next run finishes.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import type { BuiltArtefact } from "@godwit/deploy";
import { buildApp, shipAgain, temporary } from "./apps.fixture.ts";
import { inNothing, rehearse, ship, textOf } from "./cloudflare.fixture.ts";

const driver = new URL("canary-driver.fixture.ts", import.meta.url).pathname;

const appOf = (text: string): Record<string, string> => ({
  "routes/index.ts": `export const GET = () => new Response(${JSON.stringify(text)});`,
  "room.ts": "export class Room {}",
  "routes/part.ts": `export const config = { split: true };\nexport const GET = () => new Response("part of ${text}");`,
});

/** Kills at the changing call of that number, counted from 0; false where there are fewer. */
async function killAt(t: TestContext, from: string, two: BuiltArtefact, number: number): Promise<boolean> {
  const folder = await temporary(t, "kill-");
  await cp(from, folder, { recursive: true });
  let child: ChildProcess | undefined;
  let changes = -1;
  const plane = await rehearse(t, inNothing, {
    folder,
    fault(name) {
      if (!child || name.startsWith("GET ") || ++changes !== number) return undefined;
      child.kill("SIGKILL");
      return { kind: "lost" };
    },
  });
  const [url] = (await ship(plane, two, {}, { confirm: async () => ({ go: false, remove: false }) })).urls;
  assert.equal(url, undefined);
  const worker = new URL(
    `${plane.env.CLOUDFLARE_API_BASE_URL}/accounts/${plane.env.CLOUDFLARE_ACCOUNT_ID}/workers/workers/links`,
  );
  const answer = await fetch(worker, { headers: { authorization: "Bearer rehearsal" } });
  const { result } = (await answer.json()) as { result: { subdomain: { url: string } } }; // as the API has it
  const address = new URL(result.subdomain.url);

  const seen = new Map<string, number>();
  let asking = true;
  t.after(() => (asking = false)); // a failure must not leave the client asking for ever
  const client = (async () => {
    while (asking) {
      const text = await textOf(address).catch(String);
      seen.set(text, (seen.get(text) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  child = spawn(process.execPath, [driver, JSON.stringify({ root: two.root, env: plane.env })], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code, signal] = await once(child, "close");
  child = undefined;
  assert.ok(signal === "SIGKILL" || code === 0, `${code} ${signal}`);
  assert.match((await shipAgain(() => ship(plane, two))).outcome, /^(?:deployed|unchanged)$/);
  assert.equal(await textOf(address), "two");
  asking = false;
  await client;
  assert.deepEqual(
    [...seen.keys()].filter((text) => text !== "one" && text !== "two"),
    [],
  );
  assert.equal((await ship(plane, two)).outcome, "unchanged");
  return signal === "SIGKILL";
}

test("killed after any call of a deploy with a canary, the app serves and the next run finishes", async (t) => {
  const folder = await temporary(t, "plane-");
  const plane = await rehearse(t, inNothing, { folder });
  await ship(plane, await buildApp(t, "cloudflare", appOf("one")));
  await plane.close();
  const two = await buildApp(t, "cloudflare", appOf("two"), {
    durableObjects: { ROOM: { class: "Room", module: "room.ts" } },
  });
  let killed = 0;
  for (let number = 0, more = true; more; number++) {
    await t.test(`call ${number}`, async (t) => {
      more = await killAt(t, folder, two, number);
    });
    if (more) killed++;
  }
  assert.ok(killed >= 8, `${killed} calls`);
});
