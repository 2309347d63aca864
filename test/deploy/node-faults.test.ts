import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { after, test } from "node:test";
import type { Clock } from "../../packages/deploy/src/contracts.ts";
import { createDeployer } from "../../packages/deploy/src/deployers/node/deployer.ts";
import { explainEnd } from "../../packages/deploy/src/deployers/node/errors.ts";
import { createLocalHost, type Host } from "../../packages/deploy/src/deployers/node/host.ts";
import { parseSettings } from "../../packages/deploy/src/deployers/node/settings.ts";
import { Stage } from "../../packages/deploy/src/deployers/node/stage.ts";
import { type Deployed, deploy } from "../../packages/deploy/src/engine/deploy.ts";
import {
  cleanUp,
  createBuilds,
  createPlace,
  createWork,
  get,
  ship,
  type TestPlace,
  toInput,
  watch,
} from "./node.fixture.ts";

const work = createWork();
const build = createBuilds(work);
after(() => cleanUp(work));

/** Waits for nothing. */
const clock: Clock = { now: () => Date.now(), sleep: async (_, signal) => signal?.throwIfAborted() };

/** What becomes of an answer, by its number from 1: it comes, or the connection goes in its place. */
type Fate = (answer: number) => "come" | "lose";

/** This machine, over a connection that breaks. */
function createBreakingHost(fate: Fate): Host {
  const host = createLocalHost(process.execPath, explainEnd("this machine", false));
  let answers = 0;
  return {
    ...host,
    start(args) {
      const child = host.start(args);
      const out = new PassThrough();
      if (child.stdout) {
        createInterface({ input: child.stdout }).on("line", (line) => {
          if (fate(++answers) === "come") out.write(`${line}\n`);
          else child.kill("SIGKILL");
        });
      }
      child.once("exit", () => out.end());
      return Object.assign(child, { stdout: out });
    },
  };
}

async function shipOver(place: TestPlace, version: string, fate: Fate, signal?: AbortSignal): Promise<Deployed> {
  const { path, stage } = place;
  const settings = parseSettings({ path, drain: 10_000 });
  const input = { ...toInput({ path, stage, artefact: build(version), signal }), clock };
  const host = createBreakingHost(fate);
  const opened = new Stage({ input, settings, host, place: { path, app: "links", stage } });
  try {
    return await deploy({
      deployer: await createDeployer(opened),
      input,
      requests: [{ method: "GET", path: "/" }],
      confirm: async () => ({ go: true, remove: false }),
      onEvent: () => {},
    });
  } finally {
    opened.client.close();
  }
}

const settings = { drain: 10_000 };

test("an answer that is lost after its work was done, at any call, is asked for again", async () => {
  await using place = createPlace(work);
  const { urls } = await ship({ ...place, artefact: build("v1"), settings });
  const [url] = urls;
  assert.ok(url);
  await using clients = watch(url);
  let turn = 0;
  for (let lost = 1, answers = lost; answers >= lost; lost++, turn++) {
    const version = turn % 2 === 0 ? "v2" : "v1";
    const { outcome } = await shipOver(place, version, (answer) => {
      answers = answer;
      return answer === lost ? "lose" : "come";
    });
    assert.equal(outcome, "deployed");
    assert.equal((await get(url)).text.split(" ")[0], version);
  }
  assert.ok(turn >= 9, `${turn} calls`);
  await clients.stop();
  assert.deepEqual(clients.failures, []);
});

test("a host that is gone from any call on leaves the old or the new release whole, and the next deploy completes", async () => {
  await using place = createPlace(work);
  const { urls } = await ship({ ...place, artefact: build("v1"), settings });
  const [url] = urls;
  assert.ok(url);
  await using clients = watch(url);
  for (let from = 1, turn = 0; ; from += 2, turn++) {
    const version = turn % 2 === 0 ? "v2" : "v1";
    const result = await shipOver(place, version, (answer) => (answer >= from ? "lose" : "come")).catch(
      (error: Error & { code?: string }) => error.code,
    );
    if (typeof result === "object") break;
    assert.equal(result, "DEPLOY_PLACE_UNKNOWN");
    // The lock of this very process cannot be told from one that is held: it is let go as the host will, in time.
    await letGo(place);
    await ship({ ...place, artefact: build(version), settings });
    assert.equal((await get(url)).text.split(" ")[0], version);
  }
  await clients.stop();
  assert.deepEqual(clients.failures, []);
});

test("a deploy that is interrupted between any two calls lets go of the lock, and the next one completes", async () => {
  await using place = createPlace(work);
  const { urls } = await ship({ ...place, artefact: build("v1"), settings });
  const [url] = urls;
  assert.ok(url);
  for (let at = 2, turn = 0; ; at += 2, turn++) {
    const version = turn % 2 === 0 ? "v2" : "v1";
    const aborter = new AbortController();
    const reason = new Error("interrupted");
    const result = await shipOver(
      place,
      version,
      (answer) => {
        if (answer === at) aborter.abort(reason);
        return "come";
      },
      aborter.signal,
    ).catch((error: Error) => error);
    if (!(result instanceof Error)) break;
    assert.match(result.message, /interrupted/);
    await ship({ ...place, artefact: build(version), settings });
    assert.equal((await get(url)).text.split(" ")[0], version);
  }
});

async function letGo({ path, stage }: TestPlace): Promise<void> {
  for (const file of globSync(`${path}/${stage}/lock-*`)) {
    const lock = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...lock, until: 0 }));
  }
}
