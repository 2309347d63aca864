import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { shipAgain } from "./apps.fixture.ts";
import {
  cleanUp,
  createBuilds,
  createPlace,
  createWork,
  get,
  ship,
  statusOf,
  type TestPlace,
  watch,
} from "./node.fixture.ts";

const work = createWork();
const build = createBuilds(work);
after(() => cleanUp(work));

const driver = new URL("node-driver.fixture.ts", import.meta.url).pathname;
const ssh = new URL("node-ssh.fixture.ts", import.meta.url).pathname;
const calls = join(work, "calls");

interface Ran {
  killed: boolean;
  /** Of a run that was not killed. */
  outcome?: string;
  id?: string;
  url?: string;
  calls: number;
}

/** A deploy in a process of its own, killed or not. */
async function run(place: TestPlace, version: string, kill = "", canary = false): Promise<Ran> {
  rmSync(calls, { force: true });
  const settings = {
    host: "test@localhost",
    node: process.execPath,
    sshCommand: [process.execPath, ssh],
    drain: 10_000,
  };
  const options = { path: place.path, stage: place.stage, root: build(version).root, settings, canary };
  const env = { ...process.env, CALLS: calls, KILL: kill };
  const child = spawn(process.execPath, [driver, JSON.stringify(options)], { env, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  let errors = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const [code, signal] = await once(child, "close");
  const count = readFileSync(calls, "utf8").split("\n").length - 1;
  if (signal === "SIGKILL") return { killed: true, calls: count };
  assert.equal(code, 0, errors);
  return { killed: false, calls: count, ...JSON.parse(text) };
}

/** The same deploy, run again to its end. */
async function again({ path, stage }: TestPlace, version: string): Promise<Pick<Ran, "url" | "id">> {
  const settings = { drain: 10_000 };
  const { release, urls } = await shipAgain(() => ship({ path, stage, artefact: build(version), settings }));
  return { id: release?.id, url: urls[0]?.href };
}

/** What must hold after a deploy that was run again, whatever happened before. */
async function assertWhole(
  place: TestPlace,
  version: string,
  { url = "", id }: Pick<Ran, "url" | "id">,
): Promise<void> {
  assert.equal((await get(new URL(url))).text.split(" ")[0], version);
  const status = await statusOf(place);
  assert.equal(status?.live, id);
  assert.deepEqual(
    status?.fleets.filter(({ state }) => state !== "draining").map(({ share }) => share),
    [1],
  );
  assert.deepEqual(globSync("releases/.partial-*", { cwd: join(place.path, place.stage) }), []);
}

test("a first deploy that is killed is completed by the next", async () => {
  for (let call = 2; ; call += 3) {
    await using place = createPlace(work);
    const first = await run(place, "v1", `after ${call}`);
    if (!first.killed) break;
    await assertWhole(place, "v1", await again(place, "v1"));
  }
});

/** What comes before a canary is what comes before any switch. */
const CANARY_FROM = 8;

for (const canary of [false, true]) {
  const what = canary ? "a deploy with a canary" : "a deploy";
  test(`${what} that is killed after each of its calls loses no request, and is completed by the next`, async () => {
    await using place = createPlace(work);
    const { url } = await run(place, "v1");
    await using clients = watch(new URL(url ?? ""));
    let kills = 0;
    for (let call = canary ? CANARY_FROM : 1, turn = 0; ; call++, turn++) {
      const version = turn % 2 === 0 ? "v2" : "v1";
      const first = await run(place, version, `${turn % 3 === 2 ? "during" : "after"} ${call}`, canary);
      if (!first.killed) break;
      kills++;
      await assertWhole(place, version, await again(place, version));
    }
    assert.ok(kills >= (canary ? 3 : 8), `${kills} calls`);
    await clients.stop();
    assert.deepEqual(clients.failures, []);
  });
}
