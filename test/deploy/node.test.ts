import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { request } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { cert, key } from "../../packages/adapters/src/node/tls.fixture.ts";
import { plan } from "../../packages/deploy/src/engine/deploy.ts";
import { destroy } from "../../packages/deploy/src/engine/destroy.ts";
import { rollback } from "../../packages/deploy/src/engine/rollback.ts";
import {
  buildApp,
  cleanUp,
  createBuilds,
  createPlace,
  createWork,
  get,
  SECRET,
  ship,
  statusOf,
  until,
  watch,
  withStage,
  writeApp,
} from "./node.fixture.ts";

const work = createWork();
const build = createBuilds(work);
after(() => cleanUp(work));

test("a deploy, a canary, its end, a promotion and a rollback lose no request and no byte of a stream", async () => {
  await using place = createPlace(work);
  const first = await ship({ ...place, artefact: build("v1") });
  const [url] = first.urls;
  assert.ok(url);
  await using clients = watch(url);
  const lines = 50;
  const stream = get(new URL(`/stream?lines=${lines}`, url), new Agent({ keepAlive: true }));
  const slow = get(new URL("/wait?ms=1500", url));
  const second = await ship({ ...place, artefact: build("v2") });
  assert.equal(second.outcome, "deployed");
  assert.match((await get(url)).text, /^v2 (?:::ffff:)?127\.0\.0\.1$|^v2 ::1$/, "the client's own address");
  await withStage({ ...place, artefact: build("v3") }, async (deployer) => {
    const release = await deployer.release({ get: () => undefined, find: () => undefined });
    await deployer.candidate(release);
    const since = Date.now();
    await deployer.switch(release, 0.5);
    const answers: string[] = [];
    for (let count = 0; count < 40; count++) answers.push((await get(url)).text.slice(0, 2));
    const share = answers.filter((text) => text === "v3").length;
    assert.ok(share >= 10 && share <= 30, `${share} of 40 came to the canary`);
    assert.deepEqual(
      (await deployer.releases()).map((one) => one.share),
      [0.5, 0.5, 0],
    );
    await sleep(300);
    const figures = await deployer.metrics?.(release, since);
    assert.ok(figures && figures.requests >= share && figures.errors === 0 && figures.p95 !== undefined);
    await deployer.reset();
    assert.equal((await get(url)).text.slice(0, 2), "v2");
  });
  await ship({ ...place, artefact: build("v3") });
  assert.equal((await get(url)).text.slice(0, 2), "v3");
  const back = await withStage(place, (deployer, input) => rollback({ deployer, input }));
  assert.equal(back.changed, true);
  assert.equal((await get(url)).text.slice(0, 2), "v2");
  assert.equal((await stream).text.split("\n").length, lines + 1);
  assert.equal((await slow).text, "waited v1");
  await clients.stop();
  assert.deepEqual(clients.failures, []);
  for (const version of ["v1", "v2", "v3"]) assert.ok(clients.answers.has(version), version);
});

test("what lies in the artefact's folder and is not of the build is not shipped", async () => {
  await using place = createPlace(work);
  const artefact = build("v1");
  const stray = join(artefact.root, ".env");
  writeFileSync(stray, `API_KEY=${SECRET}`);
  try {
    const { release } = await ship({ ...place, artefact });
    const shipped = globSync("**", { cwd: join(place.path, place.stage, "releases", release?.id ?? "") });
    assert.ok(shipped.includes("server.mjs") && shipped.includes("package.json"), shipped.join(", "));
    assert.ok(!existsSync(join(place.path, place.stage, "releases", release?.id ?? "", ".env")));
  } finally {
    rmSync(stray);
  }
});

test("deploying twice changes nothing, a variable is a change, and what was changed by hand is seen and mended", async () => {
  await using place = createPlace(work);
  const artefact = build("v1");
  await ship({ ...place, artefact });
  const stamp = () => statSync(join(place.path, place.stage, "current")).mtimeMs;
  const before = stamp();
  assert.equal((await ship({ ...place, artefact })).outcome, "unchanged");
  assert.equal(stamp(), before);
  const changed = await ship({ ...place, artefact, vars: { GREETING: "hi" } });
  const item = changed.plan.items.find(({ kind }) => kind === "function");
  assert.deepEqual(item?.changes, [{ path: "env.GREETING", from: undefined, to: "hi" }]);
  writeFileSync(join(place.path, place.stage, "current/server.mjs"), "// broken by hand\n");
  const found = await withStage({ ...place, artefact, vars: { GREETING: "hi" } }, plan);
  assert.equal(found.items.find(({ kind }) => kind === "function")?.changes[0]?.drift, true);
  const mended = await ship({ ...place, artefact, vars: { GREETING: "hi" } });
  assert.equal(mended.outcome, "deployed");
  assert.notEqual(mended.release?.id, changed.release?.id);
});

test("a release that cannot start, and one that fails its verification, get no traffic", async () => {
  await using place = createPlace(work);
  const { urls } = await ship({ ...place, artefact: build("v1") });
  const [url] = urls;
  assert.ok(url);
  await using clients = watch(url);
  await assert.rejects(ship({ ...place, artefact: build("crashing") }), (error: Error & { code: string }) => {
    assert.equal(error.code, "NODE_RELEASE_FAILED");
    assert.match(error.message, /no database \[secret API_KEY\]/);
    return true;
  });
  await assert.rejects(ship({ ...place, artefact: build("hanging"), settings: { ...place.settings, start: 500 } }), {
    code: "NODE_RELEASE_FAILED",
    message: /not ready within 0\.5 s/,
  });
  await assert.rejects(
    ship({ ...place, artefact: build("v2"), settings: { ...place.settings, health: "/missing", start: 1500 } }),
    { code: "NODE_RELEASE_FAILED" },
  );
  // Not a GET: those are asked again for a while.
  const fails = [{ method: "POST", path: "/fail", status: 200 }];
  await assert.rejects(ship({ ...place, artefact: build("bad") }, { requests: fails }), {
    code: "DEPLOY_VERIFY_FAILED",
  });
  const status = await statusOf(place);
  assert.deepEqual(status?.fleets.filter(({ state }) => state !== "draining").length, 1);
  await clients.stop();
  assert.deepEqual(clients.failures, []);
  assert.ok(!clients.answers.has("bad"));
  await ship({ ...place, artefact: build("v2") });
  assert.match((await get(url)).text, /^v2/);
});

test("a port of somebody else, and a folder of somebody else, are told and left alone", async () => {
  await using place = createPlace(work);
  const { urls } = await ship({ ...place, artefact: build("v1") });
  const [url] = urls;
  assert.ok(url);
  const foreign = createServer().listen(0);
  await once(foreign, "listening");
  const address = foreign.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const moved = { ...place, settings: { ports: { [place.stage]: port } } };
  await assert.rejects(ship({ ...moved, artefact: build("v2") }), {
    code: "NODE_PORT_TAKEN",
    message: new RegExp(`${port}`),
  });
  assert.match((await get(url)).text, /^v1/);
  await new Promise((resolve) => foreign.close(resolve));
  await using clients = watch(url);
  const { urls: after } = await ship({ ...moved, artefact: build("v2") });
  assert.equal(after[0]?.port, String(port));
  await clients.stop();
  // Clients of the port that is no longer served are refused, and nothing else.
  assert.deepEqual(
    clients.failures.filter((failure) => !/ECONNREFUSED/.test(failure)),
    [],
  );
  assert.match((await get(new URL(`http://localhost:${port}`))).text, /^v2/);

  await assert.rejects(ship({ ...place, app: "other", artefact: build("v1") }), { code: "DEPLOY_NAME_TAKEN" });
  const strange = join(work, "strange");
  mkdirSync(strange);
  writeFileSync(join(strange, "thesis.txt"), "years of work");
  await assert.rejects(ship({ ...place, path: strange, artefact: build("v1") }), { code: "DEPLOY_NAME_TAKEN" });
  assert.deepEqual(
    globSync("**", { cwd: strange }).filter((path) => path !== "."),
    ["thesis.txt"],
  );
});

test("a secret is in its file and in the process, and nowhere else; a new value takes a deploy", async () => {
  await using place = createPlace(work);
  const artefact = build("v1");
  const { urls } = await ship({ ...place, artefact });
  const [url] = urls;
  assert.ok(url);
  assert.equal((await get(new URL("/secret", url))).text, String(SECRET.length));
  await until(async () => (await linesOf(place)).some((text) => text.includes("has [secret API_KEY]")));
  const folder = join(place.path, place.stage);
  const holders = globSync("**", { cwd: folder }).filter((path) => {
    const full = join(folder, path);
    return statSync(full, { throwIfNoEntry: false })?.isFile() && readFileSync(full, "utf8").includes(SECRET);
  });
  assert.deepEqual(holders, ["secrets.json"]);
  assert.equal(statSync(join(folder, "secrets.json")).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, "control.sock")).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.ok(!execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).includes(SECRET));
  const value = `${SECRET}-rotated`;
  await using clients = watch(url);
  await withStage(place, (deployer) => deployer.secrets.set("API_KEY", value));
  assert.equal((await get(new URL("/secret", url))).text, String(SECRET.length));
  const renewed = await ship({ ...place, artefact });
  const item = renewed.plan.items.find(({ kind }) => kind === "function");
  assert.deepEqual(
    item?.changes.map(({ path }) => path),
    ["secrets"],
  );
  assert.equal((await get(new URL("/secret", url))).text, String(value.length));
  assert.equal((await ship({ ...place, artefact })).outcome, "unchanged");
  await clients.stop();
  assert.deepEqual(clients.failures, []);
});

test("a variable that becomes a secret is not shown by the plan", async () => {
  await using place = createPlace(work);
  const artefact = build("v1");
  const env = { ...artefact.manifest.env, secrets: [] };
  const before = { ...artefact, manifest: { ...artefact.manifest, env } };
  const value = "canary-of-a-variable";
  await ship({ ...place, artefact: before, vars: { API_KEY: value }, secrets: {} });
  const made = await withStage({ ...place, artefact }, (deployer, input) => plan(deployer, input));
  assert.doesNotMatch(JSON.stringify(made), new RegExp(value));
  const changes = made.items.find(({ kind }) => kind === "function")?.changes ?? [];
  assert.deepEqual(changes, [
    { path: "env.API_KEY", from: "set", to: undefined },
    { path: "secrets", from: undefined, to: "API_KEY" },
  ]);
});

test("a worker that crashes is started again, connections wait for it, and both of two take traffic", async () => {
  await using place = createPlace(work);
  const settings = { ...place.settings, workers: 2, health: "/readyz" };
  const { urls } = await ship({ ...place, artefact: build("v1"), settings });
  const [url] = urls;
  assert.ok(url);
  for (let count = 0; count < 3; count++) {
    await Promise.all([0, 1].map(() => post(new URL("/crash", url)).catch(() => {})));
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(url)));
    assert.ok(answers.every(({ status }) => status === 200));
  }
  await until(async () => (await statusOf(place))?.fleets[0]?.ready === 2);
  assert.ok(((await statusOf(place))?.fleets[0]?.crashes ?? 0) >= 3);
});

test("old releases are removed but for the kept, and a destroyed stage leaves nothing, of the other stage everything", async () => {
  await using place = createPlace(work);
  await using other = createPlace(work, { path: place.path, stage: "staging" });
  const settings = { ...place.settings, keep: 2, drain: 200 };
  await ship({ ...other, artefact: build("v1") });
  for (const version of ["v1", "v2", "v3", "v1"]) {
    await ship({ ...place, artefact: build(version), settings });
    await sleep(400);
  }
  await ship({ ...place, artefact: build("v2"), settings });
  const releases = await withStage(place, (deployer) => deployer.releases());
  assert.ok(releases.length <= 3 && releases[0]?.share === 1, JSON.stringify(releases));
  const gone = await withStage(place, (deployer, input) =>
    destroy({ deployer, input, confirm: async () => true, onDone: () => {} }),
  );
  assert.equal(gone.outcome, "destroyed");
  assert.equal(statSync(join(place.path, place.stage), { throwIfNoEntry: false }), undefined);
  const [url] = await withStage(other, (deployer) => deployer.urls());
  assert.ok(url);
  assert.match((await get(url)).text, /^v1/);
});

test("an app with TLS is verified without it, and serves it", async () => {
  await using place = createPlace(work);
  const folder = join(work, "app-tls");
  const [certFile, keyFile] = [join(work, "cert.pem"), join(work, "key.pem")];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
  const config = { target: "node", node: { tls: { cert: certFile, key: keyFile } } };
  writeApp(folder, { version: "v1", files: { "godwit.config.ts": `export default ${JSON.stringify(config)};\n` } });
  const { urls, verified } = await ship({ ...place, artefact: buildApp(folder) });
  assert.equal(verified.length, 2);
  const [url] = urls;
  assert.ok(url);
  assert.equal(url.protocol, "https:");
  const outgoing = request(url, { ca: cert, agent: false }).end();
  const [incoming] = await once(outgoing, "response");
  assert.equal(incoming.statusCode, 200);
  assert.match(Buffer.concat(await incoming.toArray()).toString(), /^v1 /);
});

test("logs are told from a time on, and followed", async () => {
  await using place = createPlace(work);
  const { urls } = await ship({ ...place, artefact: build("v1") });
  const [url] = urls;
  assert.ok(url);
  const aborter = new AbortController();
  const seen: string[] = [];
  const following = withStage(place, async (deployer) => {
    for await (const line of deployer.logs?.({ follow: true, since: 0, signal: aborter.signal }) ?? []) {
      seen.push(`${line.function}: ${line.text}`);
    }
  });
  for (let count = 1; count <= 3; count++) {
    await get(new URL("/secret", url));
    await until(async () => seen.filter((line) => line === "app: has [secret API_KEY]").length === count);
  }
  aborter.abort();
  await following;
  const later = Date.now() + 60_000;
  assert.deepEqual(await linesOf(place, later), []);
});

test("two deploys at once: one has the lock, and the other is told who", async () => {
  await using place = createPlace(work);
  await ship({ ...place, artefact: build("v1") });
  await withStage(place, async (one) => {
    const lease = await one.lock(60_000);
    await assert.rejects(ship({ ...place, artefact: build("v2") }), {
      code: "DEPLOY_LOCKED",
      message: /^\S.* is deploying/,
    });
    await lease.renew();
    await lease.release();
    // Of many that come at the same moment one has it.
    const leases = await Promise.allSettled(
      Array.from({ length: 6 }, () => withStage(place, (deployer) => deployer.lock(1000))),
    );
    assert.equal(leases.filter(({ status }) => status === "fulfilled").length, 1);
    await sleep(1100);
    const late = await one.lock(60_000);
    const [lost] = leases.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    assert.ok(lost);
    await late.release();
  });
});

test("a disk that is full stops a deploy, and nothing else", async () => {
  assert.equal(process.getuid?.(), 0, "this test mounts a small disk, and needs root");
  const small = join(work, "small");
  mkdirSync(small);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small]);
  try {
    await using place = createPlace(work, { path: join(small, "app") });
    const { urls } = await ship({ ...place, artefact: build("v1") });
    const [url] = urls;
    assert.ok(url);
    await using clients = watch(url);
    const large = build("large", { "public/large.bin": "x".repeat(2_000_000) });
    await assert.rejects(ship({ ...place, artefact: large }), { code: "NODE_DISK_FULL" });
    assert.deepEqual(globSync("releases/.partial-*", { cwd: join(place.path, place.stage) }), []);
    // Not a byte is left: neither the lock, nor `current`, can be written.
    const filler = join(small, "filler");
    try {
      writeFileSync(filler, Buffer.alloc(2_000_000));
    } catch {
      // full, as wanted
    }
    await assert.rejects(ship({ ...place, artefact: build("v2") }), { code: "NODE_DISK_FULL" });
    rmSync(filler);
    await ship({ ...place, artefact: build("v2") });
    await clients.stop();
    assert.deepEqual(clients.failures, []);
    assert.match((await get(url)).text, /^v2/);
  } finally {
    execFileSync("umount", ["-l", small]);
  }
});

async function linesOf(place: { path: string; stage: string }, since = 0): Promise<string[]> {
  return withStage(place, async (deployer, { signal }) => {
    const lines: string[] = [];
    for await (const { text } of deployer.logs?.({ follow: false, since, signal }) ?? []) lines.push(text);
    return lines;
  });
}

async function post(url: URL): Promise<void> {
  await fetch(url, { method: "POST" });
}
