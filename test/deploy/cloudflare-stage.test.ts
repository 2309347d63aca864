import assert from "node:assert/strict";
import { test } from "node:test";
import { type ControlPlane, deployers, destroy } from "@godwit/deploy";
import { buildApp, createClock } from "./apps.fixture.ts";
import { inNothing, inputOf, inWorkerd, open, rehearse, ship, textOf, vendor } from "./cloudflare.fixture.ts";

const appOf = (text: string): Record<string, string> => ({
  "routes/index.ts": `export const GET = () => new Response(${JSON.stringify(text)});`,
});

/** A call of the API itself. */
async function api<T>(plane: ControlPlane, method: string, path: string, body?: unknown): Promise<T> {
  const { CLOUDFLARE_API_BASE_URL: base, CLOUDFLARE_ACCOUNT_ID: account, CLOUDFLARE_API_TOKEN: token } = plane.env;
  const response = await fetch(`${base}/accounts/${account}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return ((await response.json()) as { result: T }).result;
}

test("a canary takes its share, is counted by its version, sticks to a key, and an interrupted one is taken back", async (t) => {
  const plane = await rehearse(t, inNothing);
  const one = await ship(plane, await buildApp(t, "cloudflare", appOf("one")));
  const [url] = one.urls;
  assert.ok(url && one.release);
  const artefact = await buildApp(t, "cloudflare", appOf("two"));
  const deployer = await open(plane, artefact);
  await deployer.specs();
  const two = await deployer.release({ get: () => undefined, find: () => undefined });
  const candidate = await deployer.candidate(two);
  assert.equal(await textOf(candidate.url, candidate.headers), "two");
  assert.equal(await textOf(candidate.url), "one");
  const since = Date.now() - 1;
  await deployer.switch(two, 0.25);
  const seen: string[] = [];
  for (let sent = 0; sent < 80; sent++) seen.push(await textOf(url));
  const taken = seen.filter((text) => text === "two").length;
  assert.ok(taken > 0 && taken < 60, `${taken} of 80`);
  assert.deepEqual(
    (await deployer.releases()).map(({ share }) => share),
    [0.25, 0.75],
  );
  const metrics = await (await open(plane, artefact, { clock: createClock(Date.now() + 1000) })).metrics?.(two, since);
  assert.equal(metrics?.requests, taken);
  assert.equal(metrics?.errors, 0);
  assert.ok((metrics?.p95 ?? -1) >= 0);
  const sticky = new Set<string>();
  for (let sent = 0; sent < 20; sent++) sticky.add(await textOf(url, { "Cloudflare-Workers-Version-Key": "me" }));
  assert.equal(sticky.size, 1);

  await (await open(plane, artefact)).reset();
  assert.equal(await textOf(url), "one");
  await deployer.close();
  const again = await ship(plane, artefact);
  assert.equal(again.release?.id, two.id);
  assert.equal(await textOf(url), "two");
});

test("a canary that had most of the traffic is taken back to what was live before it", async (t) => {
  const plane = await rehearse(t, inNothing);
  const one = await ship(plane, await buildApp(t, "cloudflare", appOf("one")));
  const deployer = await open(plane, await buildApp(t, "cloudflare", appOf("two")));
  await deployer.specs();
  const two = await deployer.release({ get: () => undefined, find: () => undefined });
  await deployer.switch(two, 0.9);
  await (await open(plane, undefined)).reset();
  const releases = await deployer.releases();
  assert.deepEqual(
    releases.map(({ id, share }) => [id, share]),
    [[one.release?.id, 1]],
  );
});

test("traffic that somebody else moved meanwhile is left alone", async (t) => {
  const plane = await rehearse(t, inNothing);
  const one = await ship(plane, await buildApp(t, "cloudflare", appOf("one")));
  const deployer = await open(plane, await buildApp(t, "cloudflare", appOf("two")));
  await deployer.specs();
  const two = await deployer.release({ get: () => undefined, find: () => undefined });
  await deployer.candidate(two);
  const versions = [{ version_id: one.release?.id, percentage: 100 }];
  await api(plane, "POST", "/workers/scripts/links/deployments", { strategy: "percentage", versions });
  await assert.rejects(deployer.switch(two), { code: "CLOUDFLARE_DEPLOYMENT_MOVED" });
});

test("a changed secret gets no traffic until the next deploy, which is a new release", async (t) => {
  const plane = await rehearse(t, inWorkerd(t));
  const artefact = await buildApp(t, "cloudflare", {
    "routes/index.ts": "export const GET = (_: Request, { env }) => new Response(env.KEY);",
    "env.ts": 'import { defineEnv } from "@godwit/core";\nexport default defineEnv({ secrets: ["KEY"] });',
  });
  const first = await open(plane, artefact);
  await first.secrets.set("KEY", "old-value");
  assert.deepEqual(await first.secrets.list(), ["KEY"]);
  const { urls, plan } = await ship(plane, artefact);
  assert.ok(!JSON.stringify(plan).includes("old-value"));
  const [url] = urls;
  assert.ok(url);
  assert.equal(await textOf(url), "old-value");
  assert.equal((await ship(plane, artefact)).outcome, "unchanged");
  await first.secrets.set("KEY", "new-value");
  assert.equal(await textOf(url), "old-value");
  const again = await ship(plane, artefact);
  assert.equal(again.outcome, "deployed");
  assert.equal(await textOf(url), "new-value");
  assert.equal((await ship(plane, artefact)).outcome, "unchanged");
  await first.secrets.remove("KEY");
  await first.secrets.remove("KEY");
  assert.deepEqual(await first.secrets.list(), []);
  assert.equal(await textOf(url), "new-value");
  await assert.rejects(ship(plane, artefact), { code: "SECRET_MISSING" });
});

test("one deploy of a stage at a time; a lock that ended, or whose process is gone, is taken over", async (t) => {
  const plane = await rehearse(t, inNothing);
  const [a, b] = [await open(plane, undefined), await open(plane, undefined)];
  const lease = await a.lock(60_000);
  await lease.renew();
  await assert.rejects(b.lock(60_000), { code: "DEPLOY_LOCKED" });
  await lease.release();
  const short = await b.lock(1000);
  const later = await open(plane, undefined, { clock: createClock(Date.now() + 5000) });
  const taken = await later.lock(60_000);
  await assert.rejects(short.renew(), { code: "DEPLOY_LOCK_LOST" });
  await short.release();
  await taken.renew();
  await taken.release();
  // What a deploy that broke off between its two calls leaves.
  await api(plane, "POST", "/storage/kv/namespaces", { title: "links/lock" });
  await (await a.lock(60_000)).release();
  assert.deepEqual(await api(plane, "GET", "/storage/kv/namespaces"), []);
});

test("what the app needs is made when missing; crons, domains and routes follow the switch and go when they are gone", async (t) => {
  const plane = await rehearse(t, inNothing);
  const slice = {
    kv: { LINKS: {} },
    r2: { FILES: { bucket: "files" } },
    d1: { DB: { name: "main" } },
    queues: { JOBS: { queue: "jobs" } },
    domains: ["links.example.com"],
    routes: [{ pattern: "example.com/links/*" }],
  };
  const timed = {
    ...appOf("one"),
    "routes/clean.ts": 'export const config = { schedule: "0 3 * * *" };\nexport const GET = () => new Response("ok");',
  };
  const { urls } = await ship(plane, await buildApp(t, "cloudflare", timed, slice));
  assert.equal(await textOf(urls[0] ?? new URL("http://127.0.0.1:1")), "one");
  const of = <T>(path: string) => api<T>(plane, "GET", path);
  assert.deepEqual(
    (await of<{ title: string }[]>("/storage/kv/namespaces")).map(({ title }) => title),
    ["links/LINKS"],
  );
  assert.equal((await of<{ name: string }>("/r2/buckets/files")).name, "files");
  assert.equal((await of<{ name: string }[]>("/d1/database"))[0]?.name, "main");
  assert.equal((await of<{ queue_name: string }[]>("/queues"))[0]?.queue_name, "jobs");
  assert.equal((await of<{ hostname: string }[]>("/workers/domains"))[0]?.hostname, "links.example.com");
  assert.equal(
    (await of<{ routes: { pattern: string }[] }[]>("/workers/scripts"))[0]?.routes[0]?.pattern,
    "example.com/links/*",
  );
  const crons = await of<{ schedules: { cron: string }[] }>("/workers/scripts/links/schedules");
  assert.deepEqual(
    crons.schedules.map(({ cron }) => cron),
    ["0 3 * * *"],
  );
  const worker = await of<{ subdomain: { enabled: boolean } }>("/workers/workers/links");
  assert.equal(worker.subdomain.enabled, false);

  const bare = await buildApp(t, "cloudflare", appOf("two"));
  const { removed } = await ship(plane, bare);
  assert.deepEqual(removed.sort(), [
    "domain/links.example.com",
    "kv/LINKS",
    "route/example.com/links/*",
    "schedule/crons",
  ]);
  assert.equal((await ship(plane, bare)).outcome, "unchanged");
  assert.equal((await of<{ name: string }>("/r2/buckets/files")).name, "files");

  const input = await inputOf(plane, undefined);
  const deployer = await (await vendor()).open(input);
  const gone = await destroy({ deployer, input, confirm: async () => true, onDone: () => {} });
  assert.equal(gone.outcome, "destroyed");
  assert.deepEqual(await of("/workers/scripts"), []);
  assert.deepEqual(await of("/storage/kv/namespaces"), []);
});

test("another stage is another Worker, with nothing of production's addresses", async (t) => {
  const plane = await rehearse(t, inNothing);
  const artefact = await buildApp(t, "cloudflare", appOf("one"), {
    domains: ["links.example.com"],
    r2: { F: { bucket: "files" } },
  });
  const { plan } = await ship(plane, artefact, { stage: "pr-12" });
  assert.deepEqual(
    plan.items.map(({ id }) => id),
    ["r2/files-pr-12", "worker/links-pr-12", "workers.dev/links-pr-12"],
  );
  assert.deepEqual(await (await open(plane, undefined)).releases(), []);
  assert.equal((await (await open(plane, undefined, { stage: "pr-12" })).releases()).length, 1);
});

test("a Worker of routes alone is verified at workers.dev, which is closed again", async (t) => {
  const plane = await rehearse(t, inNothing);
  const slice = { routes: [{ pattern: "example.com/links/*" }] };
  for (const text of ["one", "two"]) {
    const before = plane.calls.length;
    const { verified, urls } = await ship(plane, await buildApp(t, "cloudflare", appOf(text), slice));
    assert.equal(verified.length, 1);
    assert.equal(await textOf(urls[0] ?? new URL("http://127.0.0.1:1")), text);
    const toggles = plane.calls.slice(before).filter((call) => call === "POST workers/scripts/:n/subdomain");
    assert.ok(toggles.length >= 2);
    const { subdomain } = await api<{ subdomain: { enabled: boolean } }>(plane, "GET", "/workers/workers/links");
    assert.equal(subdomain.enabled, false);
  }
});

test("a Worker of somebody else's is not touched, and is handed over on request alone", async (t) => {
  const plane = await rehearse(t, inNothing);
  const form = new FormData();
  form.set("metadata", JSON.stringify({ main_module: "index.js", tags: ["mine"] }));
  form.set(
    "index.js",
    new File(['export default { fetch: () => new Response("theirs") };'], "index.js", {
      type: "application/javascript+module",
    }),
  );
  const { CLOUDFLARE_API_BASE_URL: base, CLOUDFLARE_ACCOUNT_ID: account } = plane.env;
  const headers = { authorization: "Bearer rehearsal" };
  await fetch(`${base}/accounts/${account}/workers/scripts/links`, { method: "PUT", headers, body: form });
  const artefact = await buildApp(t, "cloudflare", appOf("one"));
  const before = plane.calls.length;
  await assert.rejects(ship(plane, artefact), { code: "DEPLOY_NAME_TAKEN" });
  await assert.rejects(open(plane, undefined), { code: "DEPLOY_NAME_TAKEN" });
  const changes = plane.calls.slice(before).filter((call) => !call.startsWith("GET ") && !call.includes("storage/kv"));
  assert.deepEqual(changes, []);
  const settings = (await vendor()).parseSettings({ adopt: true });
  assert.equal((await ship(plane, artefact, { settings })).outcome, "deployed");
  const [script] = await api<{ tags: string[] }[]>(plane, "GET", "/workers/scripts");
  assert.ok(script?.tags.includes("mine") && script.tags.includes("godwit:app=links"));
});

test("app links, stage pr-1 and app links-pr-1 have the same name, and do not meet", async (t) => {
  const plane = await rehearse(t, inNothing);
  const slice = { kv: { LINKS: {} } };
  const theirs = await buildApp(t, "cloudflare", appOf("one"), { ...slice, name: "links-pr-1" });
  await ship(plane, theirs, { app: "links-pr-1" });
  const before = plane.calls.length;
  const mine = { app: "links", stage: "pr-1" };
  for (const artefact of [undefined, await buildApp(t, "cloudflare", appOf("two"), slice)]) {
    for (const settings of [{}, { adopt: true }]) {
      const parsed = (await vendor()).parseSettings(settings);
      await assert.rejects(open(plane, artefact, { ...mine, settings: parsed }), { code: "DEPLOY_NAME_TAKEN" });
    }
  }
  assert.ok(plane.calls.slice(before).every((call) => call.startsWith("GET ")));
});

test("a split app's Workers carry their contents in their names, and go when no kept release needs them", async (t) => {
  const plane = await rehearse(t, inWorkerd(t));
  const split = (text: string): Record<string, string> => ({
    ...appOf("front"),
    "routes/part.ts": `export const config = { split: true };\nexport const GET = () => new Response(${JSON.stringify(text)});`,
  });
  const scripts = async () =>
    (await api<{ id: string }[]>(plane, "GET", "/workers/scripts")).map(({ id }) => id).sort();
  const { urls } = await ship(plane, await buildApp(t, "cloudflare", split("part one")));
  const [url] = urls;
  assert.ok(url);
  assert.equal(await textOf(new URL("/part", url)), "part one");
  const [front, first] = await scripts();
  assert.equal(front, "links");
  assert.match(first ?? "", /^links-part-[0-9a-f]{10}$/);
  const deployer = await open(plane, await buildApp(t, "cloudflare", split("part two")));
  await ship(plane, await buildApp(t, "cloudflare", split("part two")));
  assert.equal(await textOf(new URL("/part", url)), "part two");
  assert.equal(await textOf(url), "front");
  assert.equal((await scripts()).length, 3);
  const [, one] = await deployer.releases();
  assert.ok(one?.kept);
  await deployer.switch(one);
  assert.equal(await textOf(new URL("/part", url)), "part one");
});

test("a Worker that starts too slowly is not switched to", async (t) => {
  const plane = await rehearse(t, inNothing);
  const settings = (await vendor()).parseSettings({ startup: 0.5 });
  await assert.rejects(ship(plane, await buildApp(t, "cloudflare", appOf("one")), { settings }), {
    code: "CLOUDFLARE_STARTUP",
  });
});

test("a module that throws at its start is refused with the runtime's words, and one that throws later is not switched to", async (t) => {
  const plane = await rehearse(t, inWorkerd(t));
  const good = 'export const GET = () => new Response("");';
  const early = {
    "routes/index.ts": good,
    "routes/_error.ts": 'throw new Error("no start");\nexport default () => new Response("");',
  };
  const refused = await ship(plane, await buildApp(t, "cloudflare", early)).catch((error: unknown) => error);
  assert.ok(refused instanceof Error && /no start/.test(refused.message), String(refused));
  assert.equal(Object(refused).code, "CLOUDFLARE_SCRIPT_REFUSED");
  const late = { "routes/index.ts": 'export const GET = () => { throw new Error("no answer"); };' };
  await assert.rejects(ship(plane, await buildApp(t, "cloudflare", late)), { code: "DEPLOY_VERIFY_FAILED" });
  assert.deepEqual(await (await open(plane, undefined)).releases(), []);
});

test("what is changed by hand is shown as drift, and set again", async (t) => {
  const plane = await rehearse(t, inNothing);
  const artefact = await buildApp(t, "cloudflare", appOf("one"));
  await ship(plane, artefact);
  await api(plane, "POST", "/workers/scripts/links/subdomain", { enabled: false, previews_enabled: false });
  const { plan, urls } = await ship(plane, artefact);
  assert.deepEqual(
    plan.items.filter(({ action }) => action === "update").map(({ id, changes }) => [id, changes]),
    [["workers.dev/links", [{ path: "address", from: "off", to: "on" }]]],
  );
  assert.equal(urls.length, 1);
});

test("credentials that are missing, wrong or for another account say so", async (t) => {
  const plane = await rehearse(t, inNothing);
  const { open: start } = await vendor();
  const with_ = async (env: Record<string, string | undefined>) =>
    (await start(await inputOf(plane, undefined, { env: { ...plane.env, ...env } }))).releases();
  await assert.rejects(with_({ CLOUDFLARE_API_TOKEN: undefined }), { code: "DEPLOY_CREDENTIALS_MISSING" });
  await assert.rejects(with_({ CLOUDFLARE_API_TOKEN: "wrong" }), { code: "DEPLOY_CREDENTIALS_INVALID" });
  await assert.rejects(with_({ CLOUDFLARE_ACCOUNT_ID: "0".repeat(32) }), { code: "DEPLOY_ACCESS_DENIED" });
  await assert.rejects(with_({ CLOUDFLARE_ACCOUNT_ID: "mine" }), { code: "DEPLOY_PLACE_UNKNOWN" });
  assert.deepEqual(await with_({ CLOUDFLARE_ACCOUNT_ID: undefined }), []);
});

test("lines of the live Workers are tailed", async (t) => {
  const plane = await rehearse(t, inWorkerd(t));
  const files = {
    "routes/index.ts": 'export const GET = () => { console.log("a line"); return new Response("one"); };',
  };
  const { urls } = await ship(plane, await buildApp(t, "cloudflare", files));
  const [url] = urls;
  assert.ok(url);
  const stop = new AbortController();
  const lines = (await open(plane, undefined)).logs?.({ follow: true, since: 0, signal: stop.signal });
  assert.ok(lines);
  const asking = setInterval(() => void textOf(url).catch(() => {}), 100);
  t.after(() => clearInterval(asking));
  for await (const { text, function: name } of lines) {
    assert.equal(text, "a line");
    assert.equal(name, "links");
    break;
  }
  clearInterval(asking);
  stop.abort();
});

test("a second process goes on with what the first one kept", async (t) => {
  const folder = await (await import("./apps.fixture.ts")).temporary(t, "plane-");
  const { rehearse: start } = (await deployers.cloudflare?.()) ?? {};
  const first = await start?.({ folder, run: inNothing });
  assert.ok(first);
  const artefact = await buildApp(t, "cloudflare", appOf("one"));
  const { urls } = await ship(first, artefact);
  await first.close();
  const second = await rehearse(t, inNothing, { folder });
  const [url] = await (await open(second, undefined)).urls();
  assert.equal(url?.href, urls[0]?.href);
  assert.equal(await textOf(url ?? new URL("http://127.0.0.1:1")), "one");
  assert.equal((await ship(second, artefact)).outcome, "unchanged");
});

test("a variable that becomes a secret is not shown by the plan", async (t) => {
  const plane = await rehearse(t, inNothing);
  const files = appOf("one");
  const value = "canary-of-a-variable";
  await ship(plane, await buildApp(t, "cloudflare", files, { vars: { API_KEY: value } }));
  const env = 'import { defineEnv } from "@godwit/core";\nexport default defineEnv({ secrets: ["API_KEY"] });\n';
  const two = await ship(plane, await buildApp(t, "cloudflare", { ...files, "env.ts": env }), {
    secrets: { API_KEY: "another-value" },
  });
  assert.doesNotMatch(JSON.stringify(two.plan), /canary-of|another-value/);
  const changes = two.plan.items.find(({ kind }) => kind === "worker")?.changes ?? [];
  assert.deepEqual(
    changes.find(({ path }) => path === "env.API_KEY"),
    { path: "env.API_KEY", from: "set" },
  );
});
