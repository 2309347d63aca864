import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { childrenOf, createApp, godwit, gone } from "../cli.fixture.ts";
import { TARGETS } from "../project/config.ts";
import { saysError, startDev } from "./dev.fixture.ts";

const say = (word: string) => `export const GET = () => new Response(${JSON.stringify(word)});\n`;

interface OnTerminal {
  child: ChildProcessWithoutNullStreams;
  says(pattern: RegExp): Promise<RegExpExecArray>;
}

/** `godwit dev` as a person sees it. */
function startOnTerminal(t: TestContext, root: string): OnTerminal {
  const bin = new URL("../bin.ts", import.meta.url).pathname;
  const command = `"${process.execPath}" "${bin}" dev --root "${root}" --port 0`;
  const child = spawn("script", ["-qec", command, "/dev/null"], { env: { ...process.env, NO_COLOR: "1" } });
  t.after(() => child.kill()); // it tells its own child
  let output = "";
  child.stdout.on("data", (data) => {
    output += data;
  });
  const says = async (pattern: RegExp) => {
    for (;;) {
      const found = pattern.exec(output);
      if (found) return found;
      await once(child.stdout, "data");
    }
  };
  return { child, says };
}

for (const target of TARGETS) {
  test(`on ${target} an edit is answered, and a route comes, is renamed and goes`, async (t) => {
    const files = {
      "routes/index.ts": 'import { word } from "../lib/word.ts";\nexport const GET = () => new Response(word);\n',
      "lib/word.ts": 'export const word: string = "one";\n',
    };
    const dev = await startDev(t, files, ["--target", target]);
    assert.equal(await dev.text("/"), "one");
    await dev.write("lib/word.ts", 'export const word: string = "two";\n');
    await dev.until("/", "two");
    await mkdir(join(dev.root, "routes/users"));
    await dev.write(
      "routes/users/[id].ts",
      "export const GET = (_: Request, { params }: { params: { id: string } }) => new Response(params.id);\n",
    );
    await dev.until("/users/7", "7");
    await rename(join(dev.root, "routes/users/[id].ts"), join(dev.root, "routes/users/list.ts"));
    await dev.write("routes/users/list.ts", say("list"));
    await dev.until("/users/list", "list");
    await dev.until("/users/7", 404);
    await rm(join(dev.root, "routes/users"), { recursive: true });
    await dev.until("/users/list", 404);
    assert.equal(await dev.text("/"), "two");
    const below = childrenOf(dev.child.pid ?? 0);
    dev.child.kill("SIGINT");
    const { code, stderr } = await dev.ended;
    assert.equal(code, 0, stderr);
    await gone(below);
  });
}

test("middleware, env.ts, .env files and the config take effect without a restart of the command", async (t) => {
  const dev = await startDev(t, {
    "routes/index.ts": "export const GET = (_: Request, { env }: { env: unknown }) => Response.json(env);\n",
    "env.ts": 'import { defineEnv } from "@godwit/core"; export default defineEnv({ secrets: ["WORD"] });\n',
    ".env": "WORD=one\nOTHER=x\n",
  });
  assert.equal(await dev.text("/"), '{"WORD":"one"}');
  await dev.write(".env", "WORD=two\nOTHER=x\n");
  await dev.until("/", '{"WORD":"two"}');
  await dev.write(
    "env.ts",
    'import { defineEnv } from "@godwit/core"; export default defineEnv({ secrets: ["WORD", "OTHER"] });\n',
  );
  await dev.until("/", /"OTHER":"x"/);
  await dev.write("routes/_middleware.ts", 'export default () => new Response("stopped");\n');
  await dev.until("/", "stopped");
  await rm(join(dev.root, "routes/_middleware.ts"));
  await dev.until("/", /two/);
  await dev.write("godwit.config.ts", 'export default { name: "other" };\n');
  await dev.says(/"note","message":"restarted: godwit\.config\.ts has changed"/);
  await dev.until("/", /two/);
  await dev.write("godwit.config.ts", "export default { nmae: 1 };\n");
  await dev.says(/"failure","code":"CONFIG_INVALID"/);
  await dev.until("/", /two/);
  await dev.write("godwit.config.ts", 'export default { name: "again" };\n');
  await dev.says(/"mended"/);
  await mkdir(join(dev.root, "public"));
  await dev.write("public/a.txt", "static");
  await dev.until("/a.txt", "static");
});

test("a broken save keeps the last good code, is told with its place, and mended", async (t) => {
  const dev = await startDev(t, { "routes/index.ts": say("good") });
  assert.equal(await dev.text("/"), "good");
  await dev.write("routes/index.ts", "export const GET = () => {\n  return new Response(;\n};\n");
  const [line] = await dev.says(/^\{"event":"failure".*$/m);
  const failure = JSON.parse(line) as Record<string, unknown>;
  assert.equal(failure.file, "routes/index.ts");
  assert.equal(failure.line, 2);
  assert.match(String(failure.frame), /new Response\(;/);
  assert.equal(await dev.text("/"), "good");
  await dev.write("routes/index.ts", say("better"));
  await dev.says(/^\{"event":"mended".*$/m);
  await dev.until("/", "better");
});

test("what has no good code is a problem for programs and the overlay for browsers", async (t) => {
  const dev = await startDev(t, { "routes/index.ts": say("good"), "routes/bad.ts": "export const GET = (;\n" });
  const response = await fetch(new URL("/bad", dev.url));
  assert.equal(response.status, 500);
  assert.match(response.headers.get("content-type") ?? "", /^application\/problem\+json/);
  assert.match(await response.text(), /bad\.ts/);
  const page = await fetch(new URL("/bad", dev.url), { headers: { accept: "text/html" } });
  assert.match(await page.text(), /<script src="\/__godwit\/overlay\.js"/);
  assert.equal(await dev.text("/"), "good");
  await dev.write("routes/bad.ts", say("fine"));
  await dev.until("/bad", "fine");
});

test("a stream on its way is not cut by a save, nor by a restart", async (t) => {
  const source = (word: string) => `
    let end: (() => void) | undefined;
    export const POST = () => { end?.(); return new Response("ended"); };
    export const GET = () => new Response(new ReadableStream({ start(controller) {
      controller.enqueue(new TextEncoder().encode("${word} "));
      (globalThis as { finish?: () => void }).finish = () => { (globalThis as { finish?: () => void }).finish = undefined; controller.enqueue(new TextEncoder().encode("end")); controller.close(); };
    } }));`;
  const dev = await startDev(t, {
    "routes/stream.ts": source("one"),
    "routes/finish.ts":
      'export const GET = () => { (globalThis as { finish?: () => void }).finish?.(); return new Response("done"); };',
    "routes/slow.ts":
      "export const GET = () => new Response(new ReadableStream({ async start(c) { c.enqueue(new Uint8Array([97])); await new Promise((r) => setTimeout(r, 1500)); c.enqueue(new Uint8Array([98])); c.close(); } }));",
  });
  const response = await fetch(new URL("/stream", dev.url));
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader?.read())?.value, "one ");
  await dev.write(
    "routes/finish.ts",
    'export const GET = () => { (globalThis as { finish?: () => void }).finish?.(); return new Response("new"); };',
  );
  await dev.until("/finish", "new");
  assert.equal((await reader?.read())?.value, "end");
  const slow = await fetch(new URL("/slow", dev.url));
  await dev.write("package.json", '{ "name": "again" }');
  await dev.says(/restarted: package\.json/);
  assert.equal(await slow.text(), "ab");
});

test("a thrown error shows the line of TypeScript", async (t) => {
  const dev = await startDev(t, {
    "lib/boom.ts":
      "interface Long { a: string }\n\nexport function boom(it: Long): Response {\n  throw new Error(it.a);\n}\n",
    "routes/boom.ts": 'import { boom } from "../lib/boom.ts";\nexport const GET = () => boom({ a: "bang" });\n',
  });
  assert.equal((await fetch(new URL("/boom", dev.url))).status, 500);
  await saysError(dev, /lib\/boom\.ts:4:9/);
  await saysError(dev, /routes\/boom\.ts:2:\d+/);
});

test("on a terminal a handler that answers nothing is shown itself, and no frame of Godwit's", async (t) => {
  const root = await createApp(t, {
    "routes/_middleware.ts":
      "export default async (_: Request, _context: unknown, next: () => Promise<Response>) => {\n  const answer = await next();\n  return answer;\n};\n",
    "routes/none.ts":
      "const unused = 1;\n\nexport async function GET(): Promise<Response> {\n  return undefined as never;\n}\n",
  });
  const says = startOnTerminal(t, root).says;
  const [, url = ""] = await says(/Local:\s+(http:\S+)/);
  assert.equal((await fetch(new URL("/none", url))).status, 500);
  const [shown] = await says(/No Response: GET \/none\.[\s\S]*export async function GET/);
  assert.match(
    shown,
    /^ +at async \S+ \(\S+routes\/_middleware\.ts:2:\d+\)\s+… \d frames of godwit and node\s+routes\/none\.ts:3:1\s/m,
  );
  assert.doesNotMatch(shown, /compose\.ts/);
});

test("ready says its milliseconds as a whole number", async (t) => {
  const dev = await startDev(t, { "routes/index.ts": say("good") });
  const [line] = await dev.says(/^\{"event":"ready".*$/m);
  assert.ok(Number.isInteger((JSON.parse(line) as { milliseconds: number }).milliseconds));
});

test("each request is one line of JSON when piped, and context.log goes to standard error", async (t) => {
  const dev = await startDev(t, {
    "routes/users/[id].ts":
      'export const GET = (_: Request, context: { log: { info(text: string): void } }) => { context.log.info("seen"); return new Response("x", { status: 201 }); };',
  });
  await dev.text("/users/1?a=b");
  const [line] = await dev.says(/^\{"event":"request".*$/m);
  const { ms, ...rest } = JSON.parse(line) as { ms: number };
  assert.equal(typeof ms, "number");
  assert.deepEqual(rest, {
    event: "request",
    method: "GET",
    path: "/users/1?a=b",
    status: 201,
    function: "/users/[id]",
  });
  const [logged] = await saysError(dev, /^\{"level":"info".*$/m);
  assert.equal((JSON.parse(logged) as { message: string }).message, "seen");
});

test("on a terminal words are printed: ready, requests, failures with their frame, and keys end it", async (t) => {
  const root = await createApp(t, { "routes/index.ts": say("good") });
  const { child, says } = startOnTerminal(t, root);
  await says(/ready in \d+ ms/);
  const [, url = ""] = await says(/Local:\s+(http:\S+)/);
  assert.equal(await (await fetch(url)).text(), "good");
  await says(/200 GET \/ [\d.]+ ms \//);
  await writeFile(join(root, "routes/index.ts"), "export const GET = () => {\n  return new Response(;\n};\n");
  await says(/routes\/index\.ts:2:\d+[\s\S]*new Response\(;/);
  await writeFile(join(root, "routes/index.ts"), say("better"));
  await says(/mended routes\/index\.ts/);
  child.stdin.write("h");
  await says(/o {2}open in the browser/);
  child.stdin.write("r\n");
  await says(/restarted: asked by a key/);
  child.stdin.write("q");
  const [code] = await once(child, "close");
  assert.equal(code, 0);
});

test("a port in use: the next one, and under --strict-port an error", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const dev = await startDev(t, { "routes/index.ts": say("good") }, ["--port", String(port)]);
  await dev.says(new RegExp(`Port ${port} is in use, trying another one`));
  assert.ok(Number(new URL(dev.url).port) > port);
  assert.equal(await dev.text("/"), "good");
  const strict = await godwit(["dev", "--root", dev.root, "--port", String(port), "--strict-port", "--json"]);
  assert.equal(strict.code, 1);
  assert.match(strict.stdout, /DEV_PORT_IN_USE/);
});

test("the overlay's own addresses answer nobody who came by another name", async (t) => {
  const dev = await startDev(t, { "routes/index.ts": say("good") });
  const { port } = new URL(dev.url);
  const ask = async (host: string) => {
    const { request } = await import("node:http");
    const outgoing = request({ host: "127.0.0.1", port, path: "/__godwit/overlay.js", headers: { host } }).end();
    const [response] = await once(outgoing, "response");
    response.resume();
    return response.statusCode as number;
  };
  assert.equal(await ask("evil.example"), 403);
  assert.equal(await ask(`localhost:${port}`), 200);
});
