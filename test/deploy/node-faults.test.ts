import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
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
  until,
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

interface Over {
  fate?: Fate;
  signal?: AbortSignal;
  files?: Record<string, string>;
  /** Told how many bytes went to the host. */
  onSent?(bytes: number): void;
}

async function shipOver(
  place: TestPlace,
  version: string,
  { fate = () => "come", signal, files, onSent }: Over,
): Promise<Deployed> {
  const { path, stage } = place;
  const settings = parseSettings({ path, drain: 10_000 });
  const input = { ...toInput({ path, stage, artefact: build(version, files), signal }), clock };
  const breaking = createBreakingHost(fate);
  const host: Host = {
    ...breaking,
    start(args) {
      const child = breaking.start(args);
      child.once("exit", () => onSent?.(bytesOf(child)));
      return child;
    },
  };
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

function bytesOf({ stdin }: ChildProcess): number {
  return stdin instanceof Socket ? stdin.bytesWritten : Number.NaN;
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
    const { outcome } = await shipOver(place, version, {
      fate(answer) {
        answers = answer;
        return answer === lost ? "lose" : "come";
      },
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
    const result = await shipOver(place, version, { fate: (answer) => (answer >= from ? "lose" : "come") }).catch(
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
    const fate: Fate = (answer) => {
      if (answer === at) aborter.abort(reason);
      return "come";
    };
    const result = await shipOver(place, version, { fate, signal: aborter.signal }).catch((error: Error) => error);
    if (!(result instanceof Error)) break;
    assert.match(result.message, /interrupted/);
    await ship({ ...place, artefact: build(version), settings });
    assert.equal((await get(url)).text.split(" ")[0], version);
  }
});

test("files that a release on the host has are not sent again, unless somebody changed them there", async () => {
  await using place = createPlace(work);
  const files = { "public/large.bin": "x".repeat(2_000_000) };
  const sent: number[] = [];
  const onSent = (bytes: number) => void sent.push(bytes);
  for (const version of ["large-1", "large-2"]) await shipOver(place, version, { files, onSent });
  writeFileSync(join(place.path, place.stage, "current/public/large.bin"), "changed by hand");
  for (const file of globSync(`${place.path}/${place.stage}/releases/*/public/large.bin`)) writeFileSync(file, "so");
  await shipOver(place, "large-3", { files, onSent });
  await until(async () => sent.length === 3);
  const [first = 0, second = 0, third = 0] = sent;
  assert.ok(first > 2_000_000 && second < 1_000_000 && third > 2_000_000, sent.join(", "));
  const large = join(place.path, place.stage, "current/public/large.bin");
  assert.equal(readFileSync(large, "utf8"), files["public/large.bin"]);
});

async function letGo({ path, stage }: TestPlace): Promise<void> {
  for (const file of globSync(`${path}/${stage}/lock-*`)) {
    const lock = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...lock, until: 0 }));
  }
}
