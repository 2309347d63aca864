import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import type { ControlPlane } from "@godwit/deploy";
import { buildApp, temporary } from "./apps.fixture.ts";
import { inWorkerd, open, rehearse, ship, textOf } from "./cloudflare.fixture.ts";

const run = promisify(execFile);
const command = join(dirname(createRequire(import.meta.url).resolve("wrangler/package.json")), "bin/wrangler.js");

function wranglerFor(plane: ControlPlane, home: string) {
  return async (cwd: string, ...args: string[]): Promise<string> => {
    const env = {
      PATH: process.env.PATH,
      HOME: home,
      CI: "1",
      NO_COLOR: "1",
      WRANGLER_SEND_METRICS: "false",
      ...plane.env,
    };
    const { stdout, stderr } = await run(process.execPath, [command, ...args], { cwd, env, timeout: 60_000 });
    return stdout + stderr;
  };
}

const appOf = (text: string): Record<string, string> => ({
  "routes/index.ts": `export const GET = (_: Request, { platform }) => new Response([${JSON.stringify(text)}, platform.raw.KEY].filter(Boolean).join(" "));`,
  "public/a.txt": `file ${text}`,
});

test("wrangler deploys an artefact to the rehearsal, where it answers, and sets a secret", async (t) => {
  const plane = await rehearse(t, inWorkerd(t));
  const wrangler = wranglerFor(plane, await temporary(t, "home-"));
  const { root } = await buildApp(t, "cloudflare", appOf("one"));
  const folder = await temporary(t, "wrangler-");
  await cp(root, folder, { recursive: true });
  const at = join(folder, "app");
  const created = await wrangler(at, "kv", "namespace", "create", "STORE");
  const id = /"?id"?\s*[:=]\s*"([0-9a-f]{32})"/.exec(created)?.[1];
  assert.ok(id, created);
  const config = JSON.parse(await readFile(join(at, "wrangler.json"), "utf8")) as object; // the build wrote it
  await writeFile(join(at, "wrangler.json"), JSON.stringify({ ...config, kv_namespaces: [{ binding: "STORE", id }] }));
  assert.match(await wrangler(at, "deploy"), /Current Version ID: [0-9a-f-]{36}/);
  const worker = await fetch(
    `${plane.env.CLOUDFLARE_API_BASE_URL}/accounts/${plane.env.CLOUDFLARE_ACCOUNT_ID}/workers/workers/links`,
    {
      headers: { authorization: `Bearer ${plane.env.CLOUDFLARE_API_TOKEN}` },
    },
  );
  const { result } = (await worker.json()) as { result: { subdomain: { url: string } } }; // as the API has it
  const url = new URL(result.subdomain.url);
  assert.equal(await textOf(url), "one");
  assert.equal(await textOf(new URL("/a.txt", url)), "file one");

  const putting = run(process.execPath, [command, "secret", "put", "KEY"], {
    cwd: at,
    env: { PATH: process.env.PATH, HOME: folder, CI: "1", WRANGLER_SEND_METRICS: "false", ...plane.env },
    timeout: 60_000,
  });
  putting.child.stdin?.end("hidden");
  assert.match((await putting).stdout, /Success/);
  assert.equal(await textOf(url), "one hidden");
});

test("what Godwit deployed is listed, shared out and rolled back by wrangler, and Godwit goes on from there", async (t) => {
  const plane = await rehearse(t, inWorkerd(t));
  const wrangler = wranglerFor(plane, await temporary(t, "home-"));
  const one = await ship(plane, await buildApp(t, "cloudflare", appOf("one")));
  const second = await buildApp(t, "cloudflare", appOf("two"));
  const two = await ship(plane, second);
  const [url] = two.urls;
  assert.ok(url && one.release && two.release);
  const cwd = await temporary(t, "wrangler-");
  const listed = await wrangler(cwd, "versions", "list", "--name", "links");
  assert.ok(listed.includes(one.release.id) && listed.includes(two.release.id), listed);
  assert.ok(listed.includes(`gw-${two.release.fingerprint}`), listed);

  await wrangler(cwd, "versions", "deploy", `${one.release.id}@30%`, `${two.release.id}@70%`, "-y", "--name", "links");
  const shares = (await (await open(plane, undefined)).releases()).map(({ share }) => share);
  assert.deepEqual(shares, [0.7, 0.3]);

  await wrangler(cwd, "rollback", one.release.id, "-y", "--message", "back", "--name", "links");
  assert.equal(await textOf(url), "one");
  const again = await ship(plane, second);
  assert.equal(again.plan.release.action, "again");
  assert.equal(again.release?.id, two.release.id);
  assert.equal(await textOf(url), "two");

  const tail = spawn(process.execPath, [command, "tail", "links", "--format", "json"], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, WRANGLER_SEND_METRICS: "false", ...plane.env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(tail, "close");
  const asking = setInterval(() => void textOf(url).catch(() => {}), 200);
  let traced = "";
  for await (const chunk of tail.stdout) {
    traced += chunk;
    if (traced.includes('"scriptName": "links"')) break;
  }
  clearInterval(asking);
  tail.kill("SIGINT");
  await ended;
  assert.match(traced, /"outcome": "ok"/);

  // wrangler keeps the tags by which Godwit knows the Worker.
  const folder = await temporary(t, "wrangler-");
  await cp((await buildApp(t, "cloudflare", appOf("three"))).root, folder, { recursive: true });
  await wrangler(join(folder, "app"), "deploy");
  assert.equal(await textOf(url), "three");
  const last = await ship(plane, second);
  assert.equal(last.outcome, "deployed");
  assert.equal(await textOf(url), "two");
});
