import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { durableObject } from "@godwit/core/stores/durable-object";
import { destroy, plan } from "@godwit/deploy";
import { buildApp, temporary } from "./apps.fixture.ts";
import { inputOf, inWorkerd, open, rehearse, ship, textOf } from "./cloudflare.fixture.ts";

const COUNTER = { class: "Counter", module: "./objects/counter.ts" };
const ROOM = { class: "Room", module: "./objects/room.ts" };
const objectOf = (name: string) => `import { DurableObject } from "cloudflare:workers";
export class ${name} extends DurableObject {
  async next() {
    const n = 1 + ((await this.ctx.storage.get("n")) ?? 0);
    await this.ctx.storage.put("n", n);
    return n;
  }
}`;
const routeOf = (text: string, binding: string) => `export const GET = async (_: Request, { platform }: any) => {
  const objects = platform.raw.${binding};
  return new Response(${JSON.stringify(text)} + " " + (await objects.get(objects.idFromName("one")).next()));
};`;
const filesOf = (text: string, binding = "COUNTER"): Record<string, string> => ({
  "routes/index.ts": routeOf(text, binding),
  "objects/counter.ts": objectOf("Counter"),
  "objects/room.ts": objectOf("Room"),
});

test("objects keep their state over releases; a class that is added, left and removed never stops what is live", async (t) => {
  const plane = await rehearse(t, inWorkerd(t));
  const build = (text: string, durableObjects: object, binding?: string) =>
    buildApp(t, "cloudflare", filesOf(text, binding), { durableObjects });
  const first = await build("one", { COUNTER });
  const one = await ship(plane, first);
  const item = one.plan.items.find(({ id }) => id === "durable-object/Counter");
  assert.deepEqual([item?.action, /live at once/.test(item?.irreversible ?? "")], ["create", true]);
  const [url] = one.urls;
  assert.ok(url);
  assert.equal(await textOf(url), "one 2", "the verification was the first");

  // The new class is made under the code that is live; what a verification refuses is not switched to.
  const seen: string[] = [];
  const second = await build("two", { COUNTER, ROOM }, "ROOM");
  const requests = [{ method: "GET", path: "/", status: 418 }];
  await assert.rejects(ship(plane, second, {}, { requests, onEvent: ({ type }) => seen.push(type) }));
  assert.match(await textOf(url), /^one /);
  const two = await ship(plane, second);
  assert.equal((await ship(plane, second)).outcome, "unchanged");
  assert.match(await textOf(url), /^two /);

  // What was live before is there to go back to, with the class that it does not know.
  const deployer = await open(plane, undefined);
  const [newest, before, ...others] = await deployer.releases();
  assert.deepEqual([newest?.id, others], [two.release?.id, []]);
  assert.ok(before && before.fingerprint === one.release?.fingerprint);
  await deployer.switch(before);
  assert.match(await textOf(url), /^one /);
  await ship(plane, second);

  // A class that the code has no more keeps its objects until somebody says otherwise.
  const third = await build("three", { COUNTER });
  const kept = await ship(plane, third, {}, { confirm: async () => ({ go: true, remove: false }) });
  const deletion = kept.plan.items.find(({ id }) => id === "durable-object/Room");
  assert.deepEqual([deletion?.action, /is lost/.test(deletion?.irreversible ?? "")], ["delete", true]);
  assert.match(await textOf(url), /^three /);
  await ship(plane, third);
  assert.match(await textOf(url), /^three /);
  const { items } = await plan(await open(plane, third), await inputOf(plane, third));
  assert.deepEqual(
    items.filter(({ kind }) => kind === "durable-object").map(({ name, action }) => [name, action]),
    [["Counter", "unchanged"]],
  );
  const again = await ship(plane, await build("four", { COUNTER, ROOM }, "ROOM"));
  assert.equal(again.outcome, "deployed");
  assert.equal(await textOf(url), "four 2", "what was removed is gone");
});

test("a new class changes nothing of what is live: not its secrets either", async (t) => {
  const plane = await rehearse(t, inWorkerd(t));
  const files = {
    "routes/index.ts": "export const GET = (_: Request, { env }: any) => new Response(env.KEY);",
    "env.ts": 'import { defineEnv } from "@godwit/core";\nexport default defineEnv({ secrets: ["KEY"] });',
    "objects/room.ts": objectOf("Room"),
    "public/a.txt": "file",
  };
  const { urls } = await ship(plane, await buildApp(t, "cloudflare", files), { secrets: { KEY: "old" } });
  const [url] = urls;
  assert.ok(url);
  await (await open(plane, undefined)).secrets.set("KEY", "new");
  const said: string[] = [];
  const more = { warn: (line: string) => said.push(line) };
  const second = await buildApp(t, "cloudflare", files, { durableObjects: { ROOM } });
  const requests = [{ method: "GET", path: "/", status: 418 }];
  await assert.rejects(ship(plane, second, more, { requests }), { code: "DEPLOY_VERIFY_FAILED" });
  assert.deepEqual([await textOf(url), await textOf(new URL("/a.txt", url))], ["old", "file"]);
  assert.match(said.join(), /files of public/);
  await ship(plane, second);
  assert.equal(await textOf(url), "new");

  const other = await buildApp(t, "cloudflare", files, { durableObjects: { ROOM: { ...ROOM, storage: "kv" } } });
  await assert.rejects(ship(plane, other), { code: "CLOUDFLARE_CLASS_STORAGE" });
  const input = await inputOf(plane, undefined);
  const deployer = await open(plane, undefined);
  const done = await destroy({ deployer, input, confirm: async () => true, onDone: () => {} });
  assert.ok(done.outcome === "destroyed" && done.things.includes("durable-object/Room"), done.things.join());
  assert.deepEqual(
    await (await open(plane, undefined)).kinds.find(({ name }) => name === "durable-object")?.list(),
    new Map(),
  );
});

test("a class that cannot stand beside the live code is empty until the switch; no canary to code without one", async (t) => {
  const plane = await rehearse(t, inWorkerd(t));
  const plain = { "routes/index.ts": 'export const GET = () => new Response("plain");' };
  const { urls } = await ship(plane, await buildApp(t, "cloudflare", plain));
  const [url] = urls;
  assert.ok(url);
  // It starts with the release's own variables alone.
  const files = {
    ...filesOf("two"),
    "objects/counter.ts": `import { env } from "cloudflare:workers";
if (!(env as any).COUNTER) throw new Error("no binding");
${objectOf("Counter")}`,
  };
  const second = await buildApp(t, "cloudflare", files, { durableObjects: { COUNTER } });
  const said: string[] = [];
  const more = { warn: (line: string) => said.push(line) };
  await assert.rejects(ship(plane, second, more), { code: "DEPLOY_VERIFY_FAILED" });
  assert.match(said.join(), /does not take the code of Counter/);
  assert.equal(await textOf(url), "plain");
  await ship(plane, second, {}, { requests: [] });
  assert.equal(await textOf(url), "two 1");

  const limits = { errorRate: 0.01, slower: 3, samples: 1, holds: 1 };
  const canary = { steps: [0.5, 1], interval: 1000, limits, metrics: async () => undefined };
  const third = await buildApp(t, "cloudflare", plain);
  await assert.rejects(ship(plane, third, {}, { canary }), { code: "CLOUDFLARE_CANARY_CLASS" });
  assert.equal(await textOf(url), "two 2");
});

test("a store of Durable Objects counts exactly over versions, and a split app shares it", async (t) => {
  const plane = await rehearse(t, inWorkerd(t));
  const files = (text: string): Record<string, string> => ({
    "routes/index.ts": `import { gcra } from "@godwit/core/rate-limit/gcra";
export const GET = async (_: Request, context: any) => {
  const rules = [{ algorithm: gcra, limit: 100, window: 24_000_000_000, burst: 100 }];
  const all = await Promise.all(Array.from({ length: 60 }, () => context.store("main").counters.take("key", rules)));
  return new Response(${JSON.stringify(text)} + " " + all.filter(({ allowed }) => allowed).length);
};`,
    "routes/part.ts": `export const config = { split: true };
export const GET = async (_: Request, context: any) => {
  const taken = await context.store("main").get("value");
  await context.store("main").set("value", "there");
  return new Response(taken ? taken.text() : "nothing");
};`,
  });
  const config = { stores: { main: { cloudflare: durableObject("STATE") } } };
  const one = await ship(plane, await buildApp(t, "cloudflare", files("one"), {}, config));
  const [url] = one.urls;
  assert.ok(url);
  assert.equal(await textOf(url), "one 40");
  assert.equal(await textOf(new URL("/part", url)), "nothing");
  await ship(plane, await buildApp(t, "cloudflare", files("two"), {}, config));
  assert.equal(await textOf(url), "two 0");
  assert.equal(await textOf(new URL("/part", url)), "there");
});

test("wrangler takes an artefact with Durable Objects, and the rehearsal keeps its tags", async (t) => {
  const plane = await rehearse(t, inWorkerd(t));
  const { root } = await buildApp(t, "cloudflare", filesOf("one"), { durableObjects: { COUNTER, ROOM } });
  const command = join(dirname(createRequire(import.meta.url).resolve("wrangler/package.json")), "bin/wrangler.js");
  const wrangler = async (...args: string[]): Promise<string> => {
    const HOME = await temporary(t, "home-");
    const env = { PATH: process.env.PATH, HOME, CI: "1", NO_COLOR: "1", WRANGLER_SEND_METRICS: "false", ...plane.env };
    const given = { cwd: join(root, "app"), env, timeout: 60_000 };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [command, ...args], given);
    return stdout + stderr;
  };
  assert.match(await wrangler("deploy"), /env\.COUNTER \(Counter\)[\s\S]*Current Version ID/);
  // What is applied is not sent again.
  assert.match(await wrangler("versions", "upload"), /Worker Version ID/);
});
