import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { findProgram } from "../../../../../test/programs.ts";
import { childrenOf, createApp, godwit, gone, type Running, startGodwit } from "../../cli.fixture.ts";
import { conform } from "../../conform/conform.ts";
import { type Dev, startDev, startDevIn } from "../dev.fixture.ts";

const APP = {
  "godwit.config.ts": `
    import { defineConfig } from "godwit";
    import { redis } from "@godwit/core/stores/redis";
    import { upstash } from "@godwit/core/stores/upstash";
    const slow = { deadline: 20_000 }; // a machine may be busy
    export default defineConfig({
      stores: { main: { node: upstash(slow), cloudflare: upstash(slow), lambda: redis(slow), vercel: upstash(slow) } },
    });`,
  "routes/index.ts": `
    export async function GET(_: Request, context: any) {
      const store = context.store("main");
      const count = Number((await store.get("count"))?.text() ?? 0) + 1;
      await store.set("count", String(count));
      return new Response(String(count));
    }`,
  "routes/plain.ts": 'export const GET = () => new Response("plain");',
};

before(() => void findProgram("redis-server", "redis-server"));

/** The redis-server below a process. */
function redisOf({ child }: Running): number {
  const redis = childrenOf(child.pid ?? 0).filter(
    (pid) => spawnSync("ps", ["-o", "comm=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim() === "redis-server",
  );
  assert.equal(redis.length, 1);
  return redis[0] ?? 0;
}

async function stop({ child, ended }: Running, signal: NodeJS.Signals): Promise<void> {
  const below = childrenOf(child.pid ?? 0);
  child.kill(signal);
  await ended;
  await gone(below);
}

/** Asks until there is a count beyond one: while a store moves, a count may be lost, and none comes twice. */
async function countOn(dev: Dev, beyond: number): Promise<number> {
  for (;;) {
    const count = Number(await dev.text("/"));
    if (count > beyond) return count;
    assert.ok(Number.isNaN(count), `${count} after ${beyond}`);
  }
}

const NOTE = /^\{"event":"note","message":"store main: (\w+), on redis-server .*127\.0\.0\.1:\d+"\}$/m;

test("dev on every target shares what the store holds, and leaves no redis-server behind", async (t) => {
  const root = await createApp(t, APP);
  for (const [turn, target] of ["node", "cloudflare", "lambda", "vercel"].entries()) {
    const dev = await startDevIn(t, root, ["--target", target]);
    const [, kind] = await dev.says(NOTE);
    assert.equal(kind, target === "lambda" ? "redis" : "upstash");
    assert.deepEqual([await dev.text("/"), await dev.text("/")], [String(2 * turn + 1), String(2 * turn + 2)]);
    await stop(dev, turn % 2 ? "SIGTERM" : "SIGINT");
  }
  assert.deepEqual(readdirSync(join(root, ".godwit/state/redis")).sort(), ["address.json", "appendonlydir"]);
  assert.equal(statSync(join(root, ".godwit/state/redis/address.json")).mode & 0o777, 0o600);
});

test("a redis-server ends with a dev that was killed, and its data is there for the next", async (t) => {
  const root = await createApp(t, APP);
  const first = await startDevIn(t, root);
  assert.equal(await first.text("/"), "1");
  const below = childrenOf(first.child.pid ?? 0);
  first.child.kill("SIGKILL");
  await gone(below);
  const second = await startDevIn(t, root);
  assert.equal(await second.text("/"), "2");
  await stop(second, "SIGINT");
});

test("two devs of an app share what the store holds, and the second goes on when the first ends, however", async (t) => {
  const root = await createApp(t, APP);
  const first = await startDevIn(t, root);
  assert.equal(await first.text("/"), "1");
  const second = await startDevIn(t, root, ["--target", "vercel"]);
  await second.says(/store main: upstash, on another process's redis-server behind http:/);
  assert.deepEqual([await second.text("/"), await first.text("/")], ["2", "3"]);
  await stop(first, "SIGINT");
  const fourth = await countOn(second, 3);
  const third = await startDevIn(t, root, ["--target", "lambda"]);
  const fifth = await countOn(third, fourth);
  second.child.kill("SIGKILL");
  await second.ended;
  await countOn(third, fifth);
  await stop(third, "SIGINT");
});

test("a redis-server that is killed is started anew at its address, a few times", async (t) => {
  const root = await createApp(t, APP);
  const dev = await startDevIn(t, root);
  let count = await countOn(dev, 0);
  for (let turn = 0; turn < 3; turn++) {
    process.kill(redisOf(dev), "SIGKILL");
    count = await countOn(dev, count);
  }
  process.kill(redisOf(dev), "SIGKILL");
  await dev.says(/The stores on it fail until the runtime is started anew/);
  await dev.write("package.json", "{}");
  await countOn(dev, count);
  await stop(dev, "SIGINT");
});

test("a variable with a value is taken at its word: nothing is started", async (t) => {
  const env = { UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9", UPSTASH_REDIS_REST_TOKEN: "own" };
  const files = { ".env": Object.entries(env).map(([name, value]) => `${name}=${value}\n`).join("") }; // biome-ignore format: one line
  for (const dev of [await startDev(t, { ...APP, ...files }), await startDev(t, APP, [], env)]) {
    assert.equal((await fetch(dev.url)).status, 500);
    assert.match(dev.stderr(), /STORE_UNREACHABLE/);
    assert.ok(!existsSync(join(dev.root, ".godwit/state")));
  }
});

test("without a redis-server on the PATH dev warns of it once, and serves what needs none", async (t) => {
  const dev = await startDev(t, APP, [], { PATH: tmpdir() });
  const [warning] = await dev.says(/^\{"event":"warning".*$/m);
  assert.match(
    warning,
    /REDIS_SERVER_MISSING.*\(upstash\): UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN have no value/,
  );
  assert.equal(await dev.text("/plain"), "plain");
  assert.equal((await fetch(dev.url)).status, 500);
  assert.match(dev.stderr(), /STORE_VARIABLE_INVALID/);
});

test("preview has the same store, also where env.ts asks for its variables", async (t) => {
  const env =
    'import { defineEnv } from "@godwit/core"; export default defineEnv({ secrets: ["UPSTASH_REDIS_REST_TOKEN"] });';
  const root = await createApp(t, { ...APP, "env.ts": env });
  for (const [turn, build] of [["--build"], []].entries()) {
    const preview = startGodwit(t, ["preview", "--root", root, "--port", "0", ...build]);
    const [, url = ""] = await preview.says(/^ready .*: (http:\S+)$/m);
    assert.match(preview.stderr(), /^store main: upstash, on redis-server behind http:\/\/127/m);
    assert.equal(await (await fetch(url)).text(), String(turn + 1));
    await stop(preview, "SIGINT");
  }
  const without = startGodwit(t, ["preview", "--root", root, "--port", "0"], { PATH: tmpdir() });
  const { code, stderr } = await without.ended;
  assert.equal(code, 1);
  assert.match(stderr, /REDIS_SERVER_MISSING.*ENV_INVALID/s);
});

test("conform gives each platform an empty store", async (t) => {
  const root = await createApp(t, APP);
  const requests = [
    { path: "/", expect: { body: "1" } },
    { path: "/", expect: { body: "2" } },
  ];
  const runs = [{ target: "node" }, { target: "lambda" }] as const;
  for await (const { run, request, faults } of conform({ root, requests, runs })) {
    assert.deepEqual(faults, [], `${request} on ${run}`);
  }
  assert.ok(!existsSync(join(root, ".godwit/state")));
});

test("a rehearsed deploy serves from a store, the next finds nothing to do, and without a redis-server it says what lacks", async (t) => {
  const root = await createApp(t, { ...APP, "package.json": '{ "name": "shop" }' });
  const args = ["deploy", "--root", root, "--target", "vercel", "--stage", "try", "--rehearse", "--yes", "--json"];
  const outcomes: string[] = [];
  for (let turn = 0; turn < 2; turn++) {
    const { code, stdout, stderr } = await godwit(args);
    assert.equal(code, 0, stderr + stdout);
    assert.match(stderr, /store main: upstash, on redis-server behind http:/);
    const { deployed } = JSON.parse(stdout) as { deployed: { outcome: string }[] };
    outcomes.push(...deployed.map(({ outcome }) => outcome));
  }
  assert.deepEqual(outcomes, ["deployed", "unchanged"]);
  assert.ok(existsSync(join(root, ".godwit/state/redis-rehearsal/address.json")));
  const { code, stdout, stderr } = await godwit([...args, "--stage", "other"], { env: { PATH: tmpdir() } });
  assert.equal(code, 1);
  assert.match(stderr, /REDIS_SERVER_MISSING/);
  assert.match(stdout, /ENV_INVALID.*UPSTASH_REDIS_REST_URL is not set: the store \\"main\\" reads it/s);
});
