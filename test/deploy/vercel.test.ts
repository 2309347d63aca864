import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { type DeployInput, deploy, destroy } from "@godwit/deploy";
import { buildApp, createClock, temporary } from "./apps.fixture.ts";
import { appOf, nothing, open, prepare, rehearse, textOf, vendor } from "./vercel.fixture.ts";

test("a release is verified at its own address, switched in one call and gone back from", async (t) => {
  const plane = await rehearse(t);
  const first = await open(plane, await buildApp(t, "vercel", appOf("one")), { vars: { WORD: "a" } });
  await first.secrets.set("KEY", "hidden");
  await prepare(first);
  const one = await first.release(nothing);
  const candidate = await first.candidate(one);
  assert.equal(await textOf(new URL("/word", candidate.url), candidate.headers), "a hidden");
  assert.deepEqual(await first.urls(), []);
  await first.switch(one);
  const [live] = await first.urls();
  assert.ok(live);
  assert.equal(await textOf(live), "one");

  const second = await open(plane, await buildApp(t, "vercel", appOf("two")), { vars: { WORD: "b" } });
  await prepare(second);
  const two = await second.release(nothing);
  assert.equal(await textOf((await second.candidate(two)).url), "two");
  assert.equal(await textOf(live), "one");
  await second.switch(two);
  assert.equal(await textOf(live), "two");
  assert.equal(await textOf(new URL("/word", live)), "b hidden");

  await second.switch(one);
  assert.equal(await textOf(live), "one");
  assert.equal(await textOf(new URL("/word", live)), "a hidden");
  assert.deepEqual(
    (await second.releases()).map(({ id, share }) => [id, share]),
    [
      [two.id, 0],
      [one.id, 1],
    ],
  );
});

test("an artefact that is live already changes nothing, and its files are sent once", async (t) => {
  const plane = await rehearse(t);
  const artefact = await buildApp(t, "vercel", appOf("one"));
  const first = await open(plane, artefact);
  await prepare(first);
  const release = await first.release(nothing);
  await first.switch(release);
  const before = plane.calls.length;
  const again = await open(plane, artefact);
  await prepare(again);
  assert.equal((await again.release(nothing)).id, release.id);
  assert.deepEqual(
    plane.calls.slice(before).filter((call) => !call.startsWith("GET ")),
    [],
  );
});

test("a new value of a secret is a new release, and says no value", async (t) => {
  const plane = await rehearse(t);
  const artefact = await buildApp(t, "vercel", appOf("one"));
  const deployer = await open(plane, artefact, { vars: { WORD: "a" } });
  await deployer.secrets.set("KEY", "old");
  await prepare(deployer);
  const one = await deployer.release(nothing);
  await deployer.switch(one);
  await deployer.secrets.set("KEY", "new");
  const kind = deployer.kinds.find(({ name }) => name === "secret values");
  const spec = (await deployer.specs()).find((each) => each.kind === "secret values");
  const [[, live] = []] = (await kind?.list()) ?? [];
  assert.equal(kind?.diff(spec?.value, live).length, 1);
  const two = await deployer.release(nothing);
  assert.notEqual(two.id, one.id);
  assert.equal(await textOf(new URL("/word", (await deployer.candidate(two)).url)), "a new");
  assert.deepEqual(await deployer.secrets.list(), ["KEY"]);
  await deployer.secrets.remove("KEY");
  await deployer.secrets.remove("KEY");
  assert.deepEqual(await deployer.secrets.list(), []);
});

test("a canary takes its share, is completed, and an interrupted one is taken back", async (t) => {
  const plane = await rehearse(t);
  const first = await open(plane, await buildApp(t, "vercel", appOf("one")));
  await prepare(first);
  const one = await first.release(nothing);
  await first.switch(one);
  const second = await open(plane, await buildApp(t, "vercel", appOf("two")));
  await prepare(second);
  const two = await second.release(nothing);
  second.canary?.([0.25, 0.5, 1]);
  await second.switch(two, 0.25);
  assert.deepEqual(
    (await second.releases()).map(({ share }) => share),
    [0.25, 0.75],
  );
  const [live] = await second.urls();
  assert.ok(live);
  const seen = new Set(await Promise.all(Array.from({ length: 80 }, () => textOf(live))));
  assert.deepEqual([...seen].sort(), ["one", "two"]);
  await second.switch(two, 0.5);
  assert.equal((await second.releases())[0]?.share, 0.5);
  await second.reset();
  assert.deepEqual(
    (await second.releases()).map(({ share }) => share),
    [0, 1],
  );
  await second.switch(two, 0.25);
  await second.switch(two);
  assert.equal(await textOf(live), "two");
  assert.deepEqual(
    (await second.releases()).map(({ share }) => share),
    [1, 0],
  );
});

test("one deploy of a stage at a time, on a stage that is not there yet too", async (t) => {
  const plane = await rehearse(t);
  const artefact = await buildApp(t, "vercel", appOf("one"));
  const [a, b] = [await open(plane, artefact), await open(plane, artefact)];
  const lease = await a.lock(60_000);
  await prepare(a);
  await lease.renew();
  await assert.rejects(b.lock(60_000), { code: "DEPLOY_LOCKED" });
  await lease.release();
  const later = await b.lock(60_000);
  await assert.rejects(a.lock(60_000), { code: "DEPLOY_LOCKED" });
  await later.release();
});

test("an expired lock is taken over, and whoever had it is told", async (t) => {
  const plane = await rehearse(t);
  const artefact = await buildApp(t, "vercel", appOf("one"));
  const a = await open(plane, artefact);
  await prepare(a);
  const lease = await a.lock(-1);
  const other = await (await open(plane, artefact)).lock(60_000);
  await assert.rejects(lease.renew(), { code: "DEPLOY_LOCK_LOST" });
  await other.release();
});

test("a project that somebody else made is not touched", async (t) => {
  const plane = await rehearse(t);
  const other = await open(plane, await buildApp(t, "vercel", appOf("one")), {
    app: "other",
    settings: { project: "links", domains: [] },
  });
  await prepare(other);
  await other.switch(await other.release(nothing));
  const before = plane.calls.length;
  const mine = await open(plane, await buildApp(t, "vercel", appOf("two")));
  await assert.rejects(prepare(mine), { code: "DEPLOY_NAME_TAKEN" });
  assert.deepEqual(
    plane.calls.slice(before).filter((call) => !call.startsWith("GET ")),
    [],
  );
});

test("without a token, or with a wrong setting, the error says what to do", async (t) => {
  const plane = await rehearse(t);
  await assert.rejects(open(plane, undefined, { env: {} }), {
    code: "DEPLOY_CREDENTIALS_MISSING",
    message: /VERCEL_TOKEN/,
  });
  const { parseSettings } = await vendor();
  assert.throws(() => parseSettings({ teem: "team_a" }), { code: "DEPLOY_CONFIG_INVALID", message: /deploy\.vercel/ });
});

test("a rehearsal goes on with what an earlier one kept", async (t) => {
  const folder = await temporary(t, "kept-");
  const before = await rehearse(t, undefined, folder);
  const first = await open(before, await buildApp(t, "vercel", appOf("one")));
  await prepare(first);
  await first.switch(await first.release(nothing));
  await before.close();
  const after = await rehearse(t, undefined, folder);
  const [live] = await (await open(after, undefined)).urls();
  assert.ok(live);
  assert.equal(await textOf(live), "one");
});

test("files are named by the SHA-1 of their contents", async (t) => {
  const plane = await rehearse(t);
  const response = await fetch(new URL("/v2/files", plane.url), {
    method: "POST",
    headers: { authorization: "Bearer x", "x-now-digest": createHash("sha1").update("other").digest("hex") },
    body: "these",
  });
  assert.equal(response.status, 400);
});

test("destroy takes the stage away, and leaves the others", async (t) => {
  const plane = await rehearse(t);
  const artefact = await buildApp(t, "vercel", appOf("one"));
  const { parseSettings } = await vendor();
  for (const stage of ["production", "pr-12"]) {
    const input = inputOf(plane.env, { stage, artefact, settings: parseSettings({}) });
    const deployer = await open(plane, artefact, input);
    const { outcome } = await deploy({
      deployer,
      input,
      requests: [],
      confirm: async () => ({ go: true, remove: false }),
      onEvent() {},
    });
    assert.equal(outcome, "deployed");
  }
  const input = inputOf(plane.env, { stage: "pr-12", settings: parseSettings({}) });
  const warnings: string[] = [];
  const deployer = await open(plane, undefined, { ...input, warn: (line) => warnings.push(line) });
  const { outcome } = await destroy({ deployer, input, confirm: async () => true, onDone() {} });
  assert.equal(outcome, "destroyed");
  assert.deepEqual(warnings, []);
  assert.deepEqual(await (await open(plane, undefined, { stage: "pr-12" })).urls(), []);
  const [live] = await (await open(plane, undefined)).urls();
  assert.ok(live);
  assert.equal(await textOf(live), "one");
});

function inputOf(env: Record<string, string>, more: Partial<DeployInput>): DeployInput {
  return {
    app: "links",
    stage: "production",
    settings: {},
    vars: {},
    secrets: {},
    env,
    clock: createClock(),
    signal: new AbortController().signal,
    warn: (line) => assert.fail(line),
    ...more,
  };
}

test("a project with something in it is not taken for one that was just made", async (t) => {
  const plane = await rehearse(t);
  const headers = { authorization: "Bearer x" };
  const post = (path: string, json: object) =>
    fetch(new URL(path, plane.url), { method: "POST", headers, body: JSON.stringify(json) });
  await post("/v1/projects", { name: "links" });
  await post("/v10/projects/links/env", { key: "THEIRS", value: "a", type: "plain", target: ["preview"] });
  const input = inputOf(plane.env, { settings: (await vendor()).parseSettings({}) });
  const deployer = await open(plane, undefined, input);
  await assert.rejects(destroy({ deployer, input, confirm: async () => true, onDone() {} }), {
    code: "DEPLOY_NAME_TAKEN",
  });
  assert.equal((await fetch(new URL("/v9/projects/links", plane.url), { headers })).status, 200);
});

test("deploy.vercel.project names production's project, and each other stage has its own beside it", async (t) => {
  const plane = await rehearse(t);
  const artefact = await buildApp(t, "vercel", appOf("one"));
  const settings = (await vendor()).parseSettings({ project: "site" });
  const production = await open(plane, artefact, { settings });
  await prepare(production);
  await production.switch(await production.release(nothing));
  const input = inputOf(plane.env, { stage: "pr-12", artefact, settings });
  const preview = await open(plane, artefact, input);
  assert.match(preview.place, /site-pr-12/);
  await prepare(preview);
  await destroy({ deployer: preview, input, confirm: async () => true, onDone() {} });
  const [live] = await (await open(plane, undefined, { settings })).urls();
  assert.ok(live);
  assert.equal(await textOf(live), "one");
  const other = await open(plane, undefined, { app: "other", settings });
  await assert.rejects(other.releases(), { code: "DEPLOY_NAME_TAKEN" });
});

test("a lock is let go of after an interrupt too", async (t) => {
  const plane = await rehearse(t);
  const artefact = await buildApp(t, "vercel", appOf("one"));
  const controller = new AbortController();
  const interrupted = await open(plane, artefact, { signal: controller.signal });
  await prepare(interrupted);
  const lease = await interrupted.lock(60_000);
  controller.abort(new Error("interrupted"));
  await lease.release();
  await (await (await open(plane, artefact)).lock(60_000)).release();
});
