/**
 * A deploy's process is killed after each call that changes something: a client that asks all the time sees no failure,
 * and the next run finishes.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { type BuiltArtefact, type Clock, type ControlPlane, systemClock } from "@godwit/deploy";
import { dynamodb } from "godwit";
import { buildApp, shipAgain, temporary } from "./apps.fixture.ts";
import { openStage, sayWord, ship, startPlane, text } from "./aws.fixture.ts";

const driver = new URL("aws-driver.fixture.ts", import.meta.url).pathname;

const appOf = (word: string): Record<string, string> => ({
  "routes/index.ts": `export const GET = () => new Response("release-${word}");`,
  "routes/part.ts": `export const config = { split: true };\nexport const GET = () => new Response("release-${word} part");`,
});

/** The second release brings a table. */
const notes = {
  "routes/index.ts": `import type { Context } from "@godwit/core";
export const GET = (_: Request, context: Context<"/">) => new Response(context.store("main") && "release-two");`,
};
const stores = { stores: { main: { lambda: dynamodb("notes") } } };

/** The lock of what was killed has ended by then. */
const later: Clock = { now: () => Date.now() + 600_000, sleep: (time, signal) => systemClock.sleep(time, signal) };
const settings = { keep: 1 };

const isChange = (name: string): boolean => !/:(Get|List|Describe|Head)/.test(name);

async function findUrl(plane: ControlPlane): Promise<URL | undefined> {
  const { deployer } = await openStage({ plane, clock: later });
  const [url] = await deployer.urls();
  await deployer.close();
  return url;
}

/** Kills after the changing call of that number, counted from 0; false where there are fewer. */
async function killAfter(t: TestContext, from: string, two: BuiltArtefact, number: number): Promise<boolean> {
  const folder = await temporary(t, "kill-");
  await cp(from, folder, { recursive: true });
  let child: ChildProcess | undefined;
  let changes = -1;
  const plane = await startPlane(t, {
    clock: systemClock,
    folder,
    run: sayWord,
    fault(name) {
      if (!child || !isChange(name) || ++changes !== number) return undefined;
      child.kill("SIGKILL");
      return { kind: "lost" };
    },
  });
  const url = await findUrl(plane);
  const seen = new Map<string, number>();
  let asking = true;
  t.after(() => (asking = false)); // a failure must not leave the client asking for ever
  const client = (async () => {
    while (asking) {
      const word = await text(url).catch(String);
      seen.set(word, (seen.get(word) ?? 0) + 1);
      await systemClock.sleep(20);
    }
  })();
  child = spawn(process.execPath, [driver, JSON.stringify({ root: two.root, env: plane.env })], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code, signal] = await once(child, "close");
  child = undefined;
  assert.ok(signal === "SIGKILL" || code === 0, `${code} ${signal}`);
  const { outcome } = await shipAgain(() => ship({ plane, clock: later, artefact: two, settings, prune: true }));
  assert.match(outcome, /^(deployed|unchanged)$/);
  assert.equal(await text(url), "release-two");
  asking = false;
  await client;
  const strange = [...seen.keys()].filter((word) => !/^release-(one|two)$/.test(word));
  assert.deepEqual(strange, []);
  await plane.close();
  return signal === "SIGKILL";
}

test("killed after any call of a deploy with a canary, the app serves and the next run finishes", async (t) => {
  const folder = await temporary(t, "plane-");
  const plane = await startPlane(t, { clock: systemClock, folder, run: sayWord });
  await ship({ plane, clock: systemClock, artefact: await buildApp(t, "lambda", appOf("one")), settings });
  await plane.close();
  const two = await buildApp(t, "lambda", { ...appOf("two"), ...notes }, {}, stores);
  let next = 0;
  let more = true;
  let killed = 0;
  const worker = async () => {
    while (more) {
      const number = next++;
      const was = await killAfter(t, folder, two, number).catch((error: unknown) => {
        more = false;
        throw new Error(`call ${number}`, { cause: error });
      });
      if (was) killed++;
      else more = false;
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  t.diagnostic(`${killed} calls`);
  assert.ok(killed >= 20, `${killed} calls`);
});
