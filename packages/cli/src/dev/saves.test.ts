import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { TARGETS } from "../project/config.ts";
import { type Dev, startDev } from "./dev.fixture.ts";

const say = (expression: string, head = "") => `${head}\nexport const GET = () => new Response(${expression});\n`;

interface Told {
  file?: string;
  line?: number;
}

/** What browsers hear of failures, one after another. */
async function* overlay(dev: Dev): AsyncGenerator<Told[]> {
  const { body } = await fetch(new URL("/__godwit/events", dev.url));
  let text = "";
  for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const events = (text + part).split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) yield JSON.parse(event.slice(event.indexOf("data: ") + "data: ".length));
  }
}

for (const target of ["node", "cloudflare"] as const) {
  test(`on ${target} a save that breaks a file is told in the terminal and in open pages, asked for or not`, async (t) => {
    const files = {
      "routes/index.ts": say('"good"'),
      "routes/other.ts": say("word", 'import { word } from "../lib/word.ts";'),
      "lib/word.ts": 'export const word: string = "one";\n',
    };
    const dev = await startDev(t, files, ["--target", target]);
    const events = overlay(dev);
    t.after(() => events.return(undefined));
    const seen = async () => (await events.next()).value?.map(({ file, line }: Told) => `${file}:${line}`);
    assert.deepEqual(await seen(), []);
    await dev.write("routes/other.ts", "export const GET = () => {\n  return new Response(;\n};\n");
    assert.deepEqual(await seen(), ["routes/other.ts:2"]);
    const [line] = await dev.says(/^\{"event":"failure".*$/m);
    assert.match((JSON.parse(line) as { frame: string }).frame, /2 \| {3}return new Response\(;\n.*\^/);
    await dev.write("routes/other.ts", files["routes/other.ts"]);
    assert.deepEqual(await seen(), []);
    await dev.says(/^\{"event":"mended","failures":\[\{"code":"DEV_BUILD_FAILED","file":"routes\/other.ts"/m);
    await dev.write("lib/word.ts", "export const word: string = ;\n");
    assert.deepEqual(await seen(), ["lib/word.ts:1"]);
    await dev.write("lib/word.ts", 'export const word: string = "two";\n');
    assert.deepEqual(await seen(), []);
    assert.equal(await dev.text("/other"), "two");
  });
}

test("what was broken before the start is told without a request", async (t) => {
  const dev = await startDev(t, { "routes/index.ts": say('"good"'), "routes/bad.ts": "export const GET = (;\n" });
  const [line] = await dev.says(/^\{"event":"failure".*$/m);
  assert.match(line, /"file":"routes\/bad\.ts","line":1,/);
  assert.equal(await dev.text("/"), "good");
});

test("on vercel a route that comes to need Node, or no more, moves by itself, and the terminal says so", async (t) => {
  const where = 'typeof (globalThis as { EdgeRuntime?: string }).EdgeRuntime === "string" ? "edge" : "node"';
  const node = 'import { spawn } from "node:child_process";\nexport const tool = spawn;';
  const dev = await startDev(t, { "routes/index.ts": say(where), "lib/tool.ts": "" }, ["--target", "vercel"]);
  assert.equal(await dev.text("/"), "edge");
  await dev.write("lib/tool.ts", node);
  await dev.write("routes/index.ts", say(where, 'import { tool } from "../lib/tool.ts";\nconsole.log(tool.name);'));
  await dev.says(/"restarted: \/ runs on node now"/);
  await dev.until("/", "node");
  await dev.write("routes/plain.ts", say(where));
  await dev.until("/plain", "edge");
  await dev.write("routes/added.ts", say(`spawn && (${where})`, 'import { spawn } from "node:child_process";'));
  await dev.says(/"restarted: \/added runs on node now"/);
  await dev.until("/added", "node");
  await dev.write("routes/added.ts", say(where, 'export const config = { runtime: "edge" };'));
  await dev.says(/"restarted: \/added runs on edge now"/);
  await dev.until("/added", "edge");
  await rm(join(dev.root, "routes/index.ts"));
  await dev.says(/"restarted: \/ is gone"/);
  await dev.until("/", 404);
  assert.equal(await dev.text("/plain"), "edge");
  assert.doesNotMatch(dev.stderr(), /is not|Error/);
});

test("what a route uses and its platform lacks is told as the build would, and what is never called does no harm", async (t) => {
  const files = {
    "godwit.config.ts": "export default { cloudflare: { compatibilityFlags: [] } };\n",
    "routes/index.ts": say("typeof spare", 'import { spare } from "../lib/spare.ts";'),
    "routes/report.ts": say('"plain"'),
    "lib/spare.ts":
      'import { spawn } from "node:child_process";\nexport const spare = 1;\nexport const run = () => spawn("ls");\n',
  };
  const dev = await startDev(t, files, ["--target", "cloudflare"]);
  assert.equal(await dev.text("/"), "number");
  await dev.write("routes/report.ts", say("String(run())", 'import { run } from "../lib/spare.ts";'));
  const [line] = await dev.says(/^\{"event":"warning".*$/m);
  const { code, message } = JSON.parse(line) as { code: string; message: string };
  assert.equal(code, "CAPABILITY_MISSING");
  assert.match(
    message,
    /^GET \/report uses node:child_process, which cloudflare lacks: routes\/report\.ts > lib\/spare\.ts > node:child_process\. /,
  );
  assert.equal(await dev.text("/"), "number");
  const answer = await fetch(new URL("/report", dev.url));
  assert.equal(answer.status, 500);
  assert.match(await answer.text(), /spawn of node:child_process/);
  await dev.write("routes/report.ts", say('"plain"'));
  await dev.until("/report", "plain");
});

for (const target of TARGETS) {
  test(`on ${target} a module may await while it loads, and stops nobody who asks at once`, async (t) => {
    const files = {
      "routes/index.ts": say("word", 'import { word } from "../lib/word.ts";'),
      "lib/word.ts":
        'const slow = await new Promise<string>((resolve) => setTimeout(resolve, 50, "slow"));\nexport const word = slow + " one";\n',
    };
    const dev = await startDev(t, files, ["--target", target]);
    const all = await Promise.all(Array.from({ length: 5 }, () => dev.text("/")));
    assert.deepEqual(new Set(all), new Set(["slow one"]));
    await dev.write("lib/word.ts", files["lib/word.ts"].replace("one", "two"));
    await dev.until("/", "slow two");
    await dev.write("lib/word.ts", 'export const word = await Promise.reject(new Error("no luck"));\n');
    let isTold = false;
    void dev.says(/"failure","code":"DEV_LOAD_FAILED","message":"no luck"/).then(() => {
      isTold = true;
    });
    while (!isTold) assert.equal(await dev.text("/"), "slow two");
  });
}
