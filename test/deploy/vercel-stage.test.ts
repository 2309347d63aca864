/** What becomes of a stage on Vercel in the course of time, and by other hands. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { BuiltArtefact, ControlPlane, Plan } from "@godwit/deploy";
import { CANARY_LIMITS, deploy } from "@godwit/deploy";
import { buildApp, createClock, temporary } from "./apps.fixture.ts";
import { appOf, nothing, open, prepare, rehearse, ship, startEmpty, textOf, vendor } from "./vercel.fixture.ts";

async function send(plane: ControlPlane, method: string, path: string, body: object): Promise<unknown> {
  const headers = { authorization: "Bearer x" };
  const response = await fetch(new URL(path, plane.url), { method, headers, body: JSON.stringify(body) });
  assert.ok(response.ok, await response.clone().text());
  return response.json();
}

/** What a deploy shows before it is asked to go on, which it is not. */
async function planOf(plane: ControlPlane, artefact: BuiltArtefact, steps?: number[]): Promise<Plan> {
  const { parseSettings } = await vendor();
  const input = {
    app: "links",
    stage: "production",
    artefact,
    settings: parseSettings({}),
    vars: {},
    secrets: {},
    env: plane.env,
    clock: createClock(),
    signal: new AbortController().signal,
    warn() {},
  };
  const deployer = await open(plane, artefact, input);
  const confirm = async () => ({ go: false, remove: false });
  const canary = steps && { steps, interval: 1000, limits: CANARY_LIMITS, metrics: async () => undefined };
  return (await deploy({ deployer, input, requests: [], confirm, onEvent() {}, ...(canary && { canary }) })).plan;
}

test("settings of the project that were changed by hand are shown as drift, and taken back", async (t) => {
  const plane = await startEmpty(t, await temporary(t, "plane-"));
  const artefact = await buildApp(t, "vercel", appOf("word-one"));
  assert.equal(await ship(plane, artefact), "deployed");
  await send(plane, "PATCH", "/v9/projects/links", { framework: "nextjs", rootDirectory: "apps/web" });
  const { items } = await planOf(plane, artefact);
  assert.deepEqual(
    items.filter(({ action }) => action !== "unchanged").map(({ id, action, changes }) => [id, action, changes]),
    [
      [
        "project/links",
        "update",
        [
          { path: "framework", from: "nextjs", to: "none", drift: true },
          { path: "rootDirectory", from: "apps/web", to: "none", drift: true },
        ],
      ],
    ],
  );
  assert.equal(await ship(plane, artefact), "deployed");
  assert.equal(await ship(plane, artefact), "unchanged");
});

test("the live release and the one before it are known after any number of deployments that nobody promoted", async (t) => {
  const plane = await startEmpty(t, await temporary(t, "plane-"));
  const [a, b] = [await buildApp(t, "vercel", appOf("word-one")), await buildApp(t, "vercel", appOf("word-two"))];
  const ids: string[] = [];
  for (const artefact of [a, b]) {
    const deployer = await open(plane, artefact);
    await prepare(deployer);
    const release = await deployer.release(nothing);
    await deployer.switch(release);
    ids.unshift(release.id);
  }
  const meta = { godwitStage: "links/production" };
  const sha = createHash("sha1").update("{}").digest("hex");
  await fetch(new URL("/v2/files", plane.url), {
    method: "POST",
    headers: { authorization: "Bearer x", "x-now-digest": sha },
    body: "{}",
  });
  const files = [{ file: ".vercel/output/config.json", sha, size: 2 }];
  const proof = { name: "links", target: "production", autoAssignCustomDomains: false, meta, files };
  for (let count = 0; count < 120; count++) await send(plane, "POST", "/v13/deployments", proof);
  const deployer = await open(plane, b);
  const kept = (await deployer.releases()).filter((release) => release.kept);
  assert.deepEqual(
    kept.map(({ id, share }) => [id, share]),
    [
      [ids[0], 1],
      [ids[1], 0],
    ],
  );
  const [, before] = kept;
  assert.ok(before);
  await deployer.switch(before);
  const [live] = await deployer.urls();
  assert.ok(live);
  assert.equal(await textOf(live), "word-one");
});

test("a share that Vercel cannot give ends a canary before anything is done", async (t) => {
  const plane = await startEmpty(t, await temporary(t, "plane-"));
  const artefact = await buildApp(t, "vercel", appOf("word-one"));
  for (const [share, said] of [
    [0.004, /0\.4%/],
    [0.125, /12\.5%/],
  ] as const) {
    await assert.rejects(planOf(plane, artefact, [share, 0.5, 1]), { code: "VERCEL_CANARY_SHARE", message: said });
  }
  assert.deepEqual(plane.calls, []);
  const { release } = await planOf(plane, artefact, [0.01, 0.07, 0.29, 0.57, 1]);
  assert.equal(release.action, "create");
});

test("lines of the live release are told of the function that wrote them", async (t) => {
  const plane = await rehearse(t);
  const files = {
    "routes/index.ts": 'export const GET = () => { console.log("of the index"); return new Response(""); };',
    "routes/word.ts":
      'export const config = { runtime: "node" };\nexport const GET = () => { console.log("of the word"); return new Response(""); };',
  };
  const deployer = await open(plane, await buildApp(t, "vercel", files));
  await prepare(deployer);
  await deployer.switch(await deployer.release(nothing));
  const [live] = await deployer.urls();
  assert.ok(live);
  await textOf(live);
  await textOf(new URL("/word", live));
  const stop = new AbortController();
  const found = new Map<string, string>();
  for await (const line of deployer.logs?.({ follow: true, since: 0, signal: stop.signal }) ?? []) {
    found.set(line.text, line.function);
    if (found.size === 2) stop.abort();
  }
  assert.deepEqual([...found].sort(), [
    ["of the index", "index"],
    ["of the word", "word"],
  ]);
});
