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
import { appOf, open, ship, startEmpty, textOf } from "./vercel.fixture.ts";

const driver = new URL("canary-driver.fixture.ts", import.meta.url).pathname;

/** Kills at the changing call of that number, counted from 0; false where there are fewer. */
async function killAt(t: TestContext, from: string, two: BuiltArtefact, number: number): Promise<boolean> {
  const folder = await temporary(t, "kill-");
  await cp(from, folder, { recursive: true });
  let child: ChildProcess | undefined;
  let changes = -1;
  const plane = await startEmpty(t, folder, (name) => {
    if (!child || name.startsWith("GET ") || ++changes !== number) return undefined;
    child.kill("SIGKILL");
    return { kind: "lost" };
  });
  const [address] = await (await open(plane, undefined)).urls();
  assert.ok(address);
  const seen = new Set<string>();
  let asking = true;
  t.after(() => (asking = false)); // a failure must not leave the client asking for ever
  const client = (async () => {
    while (asking) {
      seen.add(await textOf(address).catch(String));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  child = spawn(process.execPath, [driver, JSON.stringify({ root: two.root, env: plane.env })], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code, signal] = await once(child, "close");
  child = undefined;
  assert.ok(signal === "SIGKILL" || code === 0, `${code} ${signal}`);
  // the lock of a killed process ends by itself
  assert.match(await shipAgain(() => ship(plane, two, { later: 3_600_000 })), /^(?:deployed|unchanged)$/);
  assert.equal(await textOf(address), "word-two");
  asking = false;
  await client;
  assert.deepEqual(
    [...seen].filter((text) => !/^word-(?:one|two)$/.test(text)),
    [],
  );
  assert.equal(await ship(plane, two), "unchanged");
  return signal === "SIGKILL";
}

test("killed after any call of a deploy with a canary, the app serves and the next run finishes", async (t) => {
  const folder = await temporary(t, "plane-");
  const plane = await startEmpty(t, folder);
  await ship(plane, await buildApp(t, "vercel", appOf("word-one")));
  await plane.close();
  const two = await buildApp(t, "vercel", appOf("word-two"));
  let killed = 0;
  for (let number = 0, more = true; more; number++) {
    await t.test(`call ${number}`, async (t) => {
      more = await killAt(t, folder, two, number);
    });
    if (more) killed++;
  }
  assert.ok(killed >= 8, `${killed} calls`);
});
