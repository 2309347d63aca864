import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  cleanUp,
  createBuilds,
  createPlace,
  createWork,
  get,
  ship,
  statusOf,
  until,
  watch,
  withStage,
} from "./node.fixture.ts";

const work = createWork();
const build = createBuilds(work);
after(() => cleanUp(work));

test("a supervisor that was killed serves what was live when a deploy starts it again", async () => {
  await using place = createPlace(work);
  const artefact = build("v1");
  const { urls } = await ship({ ...place, artefact });
  const [url] = urls;
  assert.ok(url);
  const killed = await statusOf(place);
  assert.ok(killed);
  process.kill(killed.pid, "SIGKILL");
  await until(async () => (await statusOf(place)) === undefined);
  const again = await ship({ ...place, artefact });
  assert.deepEqual(
    again.plan.items.filter(({ action }) => action !== "unchanged").map(({ id, changes }) => [id, changes[0]?.path]),
    [["host/supervisor", "process"]],
  );
  assert.match((await get(url)).text, /^v1/);
  assert.deepEqual(again.urls, urls, "the port stays the stage's");
});

test("a supervisor that is killed under traffic and started again as systemd does serves what was live, on its port", async () => {
  await using place = createPlace(work);
  const [url] = (await ship({ ...place, artefact: build("v1") })).urls;
  assert.ok(url);
  await ship({ ...place, artefact: build("v2") });
  await withStage({ ...place, artefact: build("v3") }, async (deployer) => {
    const release = await deployer.release({ get: () => undefined, find: () => undefined });
    await deployer.candidate(release);
    await deployer.switch(release, 0.5);
  });
  await using clients = watch(url);
  await until(async () => clients.answers.has("v3"));
  const killed = await statusOf(place);
  assert.ok(killed);
  process.kill(killed.pid, "SIGKILL");
  const folder = join(place.path, place.stage);
  const main = "supervisor/current/main.mjs";
  const child = spawn(process.execPath, [main, folder], { cwd: folder, stdio: "ignore" });
  try {
    await until(async () => (await statusOf(place))?.fleets.some(({ ready }) => ready > 0) ?? false);
    await clients.stop();
    for (let count = 0; count < 20; count++) assert.match((await get(url)).text, /^v2/);
    const status = await statusOf(place);
    assert.equal(status?.pid, child.pid);
    assert.deepEqual(
      status?.fleets.map(({ id, share }) => [id, share]),
      [[killed.live, 1]],
    );
    // Nobody was told anything wrong: what was cut off is a connection, and never an answer.
    for (const failure of clients.failures) assert.match(failure, /ECONN|socket hang up|EPIPE/);
    // Those of before end by themselves.
    for (const { port } of killed.fleets) {
      await until(() =>
        get(new URL(`http://127.0.0.1:${port}`)).then(
          () => false,
          () => true,
        ),
      );
    }
    await ship({ ...place, artefact: build("v3") });
    assert.match((await get(url)).text, /^v3/);
  } finally {
    child.kill("SIGKILL");
  }
});
