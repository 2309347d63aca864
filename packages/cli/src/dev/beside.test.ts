import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Dev, startDev, startDevIn } from "./dev.fixture.ts";

const KV = {
  "godwit.config.ts": 'export default { cloudflare: { kv: { NOTES: {} }, vars: { ROUND: "one" } } };\n',
  "routes/notes.ts": `interface Env { NOTES: { get(key: string): Promise<string | null>; put(key: string, value: string): Promise<void> } }
type At = { platform: { raw: Env & { ROUND: string } } };
export const GET = async (_: Request, { platform: { raw } }: At) => new Response((await raw.NOTES.get("note")) + " " + raw.ROUND);
export const PUT = async (request: Request, { platform: { raw } }: At) => {
  await raw.NOTES.put("note", await request.text());
  return new Response(null, { status: 204 });
};
`,
};

async function put(dev: Dev, body: string): Promise<void> {
  assert.equal((await fetch(new URL("/notes", dev.url), { method: "PUT", body })).status, 204);
}

async function end(dev: Dev): Promise<void> {
  dev.child.kill("SIGINT");
  assert.equal((await dev.ended).code, 0);
}

test("what a KV binding holds outlives a change of the config, and the command itself", async (t) => {
  const dev = await startDev(t, KV, ["--target", "cloudflare"]);
  assert.equal(await dev.text("/notes"), "null one");
  await put(dev, "kept");
  await dev.write("godwit.config.ts", KV["godwit.config.ts"].replace("one", "two"));
  await dev.says(/restarted: godwit\.config\.ts has changed/);
  assert.equal(await dev.text("/notes"), "kept two");
  await end(dev);
  const again = await startDevIn(t, dev.root, ["--target", "cloudflare"]);
  assert.equal(await again.text("/notes"), "kept two");
  await end(again);
  assert.deepEqual(await readdir(join(dev.root, ".godwit/dev")), []);
});

test("of two servers of one app the second keeps its bindings in memory and says so; a killed one blocks nobody", async (t) => {
  const first = await startDev(t, KV, ["--target", "cloudflare"]);
  await put(first, "first");
  const second = await startDevIn(t, first.root, ["--target", "cloudflare"]);
  await second.says(/Another godwit dev has what the bindings of cloudflare hold/);
  assert.equal(await second.text("/notes"), "null one");
  await put(second, "second");
  assert.equal(await first.text("/notes"), "first one");
  await end(second);
  first.child.kill("SIGKILL");
  await first.ended;
  const third = await startDevIn(t, first.root, ["--target", "cloudflare"]);
  assert.equal(await third.text("/notes"), "first one");
  await end(third);
});

for (const target of ["node", "lambda", "vercel"]) {
  test(`two servers of one app on ${target} have files of their own, and both see an edit`, async (t) => {
    const say = (word: string) => `export const GET = () => new Response("${word}");\n`;
    const first = await startDev(t, { "routes/index.ts": say("one") }, ["--target", target]);
    const second = await startDevIn(t, first.root, ["--target", target]);
    for (const dev of [first, second]) assert.equal(await dev.text("/"), "one");
    await first.write("routes/index.ts", say("two"));
    for (const dev of [first, second]) await dev.until("/", "two");
    await first.write("package.json", '{ "name": "again" }');
    for (const dev of [first, second]) await dev.says(/restarted: package\.json/);
    for (const dev of [first, second]) await dev.until("/", "two");
    await end(first);
    await second.write("routes/index.ts", say("three"));
    await second.until("/", "three");
    await second.write("package.json", '{ "name": "more" }');
    await second.says(/restarted: package\.json[\s\S]*restarted: package\.json/);
    assert.equal(await second.text("/"), "three");
    await end(second);
  });
}
