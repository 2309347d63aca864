import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { LogLine } from "@godwit/bundler/contracts";
import { get, REPLAY, replay, start, writeArtefact } from "./_emulate/artefact.fixture.ts";
import { emulate, fronts, tools } from "./emulate.ts";

const HELLO = `export const handler = async (event) => ({ statusCode: 200, body: "hello" });`;

test("the module names its tool and its fronts, HTTP API first", () => {
  assert.deepEqual(Object.keys(tools), ["aws-lambda-ric"]);
  assert.deepEqual(fronts, [
    "http-api",
    "rest",
    "rest-stream",
    "function-url",
    "function-url-stream",
    "alb",
    "alb-multi",
    "lattice",
  ]);
});

test("an unknown front and a port in use are errors that say so", async (t) => {
  const artefact = await writeArtefact({ main: HELLO });
  await assert.rejects(emulate(artefact, {}, { front: "edge" }), { code: "EMULATOR_FRONT_UNKNOWN" });
  const emulator = await start(t, HELLO);
  await assert.rejects(emulate(artefact, {}, { port: Number(emulator.url.port) }), {
    code: "PORT_IN_USE",
    message: /is in use/,
  });
});

test("a runtime client that is given is the one that runs", async () => {
  const artefact = await writeArtefact({ main: HELLO });
  const other = fileURLToPath(new URL("./nowhere.mjs", import.meta.url));
  const emulator = await emulate(artefact, { "aws-lambda-ric": { path: other, load: async () => ({}) } });
  assert.equal((await get(emulator)).status, 500);
  await emulator.close();
  let text = "";
  for await (const line of emulator.logs) text += line.text;
  assert.match(text, /Cannot find module .*nowhere\.mjs/);
});

test("front, stage, memory and time are those that the artefact was built with", async (t) => {
  const source = `export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
  const out = awslambda.HttpResponseStream.from(stream, { statusCode: 200 });
  out.write(JSON.stringify([context.memoryLimitInMB, context.getRemainingTimeInMillis() > 20_000, event.requestContext.accountId]));
  out.end();
});`;
  const spec = { memory: 512, timeout: 30, invokeMode: "RESPONSE_STREAM", stage: "$default" };
  const resources = [{ kind: "lambda", name: "main", spec }];
  const url = await start(t, source, { kind: "function-url-stream", resources });
  assert.deepEqual(await (await get(url)).json(), ["512", true, "anonymous"]);

  const echo =
    "export const handler = async ({ rawPath, requestContext }) => ({ paths: [rawPath, requestContext.stage] });";
  const api = await start(t, echo, { resources: [{ kind: "lambda", name: "main", spec: { stage: "live" } }] });
  assert.deepEqual(await (await get(api, "/a")).json(), { paths: ["/live/a", "live"] });
});

test("a buffered front takes what a streaming function writes in one piece, when that is its format", async (t) => {
  const source = `export const handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event.path === "/fails") throw new Error("no");
  stream.setContentType("application/json");
  stream.write(JSON.stringify({ statusCode: 202, body: "whole" }));
  stream.end();
});`;
  const emulator = await start(t, source, { front: "alb" });
  const response = await get(emulator);
  assert.deepEqual([response.status, await response.text()], [202, "whole"]);
  assert.equal((await get(emulator, "/fails")).status, 502);
});

test("fetch keeps the caller's host, its body and the answer's bytes", async (t) => {
  const emulator = await start(
    t,
    `import { gzipSync } from "node:zlib";
export const handler = async (event) => ({ statusCode: 302, isBase64Encoded: true, body: gzipSync(event.headers.host + " " + event.body).toString("base64"),
  headers: { location: "/elsewhere", "content-encoding": "gzip" } });`,
  );
  const request = new Request("http://shop.example/a", {
    method: "POST",
    body: "hi",
    headers: { "content-type": "text/plain" },
  });
  const response = await emulator.fetch(request);
  assert.deepEqual([response.status, response.headers.get("location")], [302, "/elsewhere"]);
  const { gunzipSync } = await import("node:zlib");
  assert.equal(gunzipSync(await response.arrayBuffer()).toString(), "shop.example hi");
});

test("a schedule calls its function with an event that no request can be", async (t) => {
  const source = `const seen = [];
export const handler = async (event) => {
  if (event.godwit) { seen.push(event); if (event.pattern === "/fails") throw new Error("no"); return null; }
  return { statusCode: 200, body: JSON.stringify(seen) };
};`;
  const triggers = ["/cron", "/fails"].map((pattern) => ({
    kind: "schedule" as const,
    schedule: "* * * * *",
    pattern,
    function: "main",
  }));
  const emulator = await start(t, source, { triggers });
  await emulator.trigger("schedule", { pattern: "/cron" });
  assert.deepEqual(await (await get(emulator)).json(), [{ godwit: "schedule", pattern: "/cron" }]);
  await assert.rejects(emulator.trigger("schedule", { pattern: "/fails" }), { code: "EMULATOR_TRIGGER_FAILED" });
  await assert.rejects(emulator.trigger("schedule", { pattern: "/other" }), { code: "EMULATOR_TRIGGER_UNKNOWN" });
  await assert.rejects(emulator.trigger("queue", {}), { code: "EMULATOR_TRIGGER_UNKNOWN" });
});

test("logs carry function, level and whole messages, from the first line to the close", async (t) => {
  const emulator = await start(
    t,
    `export const handler = async () => {
  console.log("two\\nlines"); console.warn("careful"); console.error("bad"); console.debug("fine"); process.stdout.write("raw\\n");
  return { statusCode: 200 };
};`,
  );
  await get(emulator);
  const lines: LogLine[] = [];
  for await (const line of emulator.logs) {
    lines.push(line);
    if (line.text === "raw") break;
  }
  assert.deepEqual(
    lines.map(({ function: id, level, text }) => [id, level, text]),
    [
      ["main", "info", "two\nlines"],
      ["main", "warn", "careful"],
      ["main", "error", "bad"],
      ["main", "debug", "fine"],
      ["main", "info", "raw"],
    ],
  );
  await emulator.close();
  let after = 0;
  for await (const _ of emulator.logs) after++;
  assert.equal(after, 5, "a late reader still gets what is remembered, and an end");
});

test("stacks in the log point into the sources where a map is beside the build", async (t) => {
  const artefact = await writeArtefact({
    main: 'export const handler = async () => { throw new Error("mapped"); };\n',
  });
  await mkdir(join(`${artefact.root}.maps`, "main"), { recursive: true });
  const map = { version: 3, sources: ["routes/%5Bid%5D.ts"], names: [], mappings: "AASA" };
  await writeFile(join(`${artefact.root}.maps`, "main", "index.mjs.map"), JSON.stringify(map));
  const emulator = await emulate(artefact, {});
  t.after(() => emulator.close());
  await get(emulator);
  for await (const line of emulator.logs) {
    assert.match(line.text, /mapped[\s\S]*\(routes\/\[id\]\.ts:10:1/);
    break;
  }
});

test("measure tells what a function costs over one that does nothing", async (t) => {
  const heavy = `const end = process.cpuUsage(); while (process.cpuUsage(end).user < 60_000);
let first = true;
export const handler = async () => { const begin = process.cpuUsage(); while (first && process.cpuUsage(begin).user < 40_000); first = false; return { statusCode: 200 }; };`;
  const emulator = await start(t, { heavy, broken: "throw new Error('no');" });
  const { startupCpu, firstUseCpu } = await emulator.measure("heavy");
  assert.ok(startupCpu > 30, `start-up burns 60 ms: ${startupCpu}`);
  assert.ok(firstUseCpu >= 40, `first use burns 40 ms: ${firstUseCpu}`);
  await assert.rejects(emulator.measure("broken"), { code: "EMULATOR_MEASURE_FAILED" });
  await assert.rejects(emulator.measure("none"), { code: "EMULATOR_FUNCTION_UNKNOWN" });
});

test("the emulator gives back what a function returns", async (t) => {
  const emulator = await start(t, REPLAY);
  assert.equal(await (await replay(emulator, { statusCode: 200, body: "ok" })).text(), "ok");
});
