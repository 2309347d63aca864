import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { get, start } from "./_emulate/artefact.fixture.ts";
import { fronts } from "./emulate.ts";

const url = (specifier: string) => JSON.stringify(import.meta.resolve(specifier));

/** A function over this folder, under AWS's own runtime client. */
const functionOf = (handler: string) => `
import { existsSync, writeFileSync } from "node:fs";
import { createApp } from ${url("@godwit/core/app")};
import { onePattern } from ${url("@godwit/core/router")};
import { createBackground, toHandler, toStreamingHandler } from ${url("./index.ts")};
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function answer(request, context) {
  const { pathname, searchParams } = new URL(request.url);
  const { FOLDER } = process.env;
  if (FOLDER) {
    const work = async () => {
      while (!existsSync(FOLDER + "/answered")) await wait(5);
      writeFileSync(FOLDER + "/done", pathname);
    };
    context.waitUntil(work());
  }
  if (pathname === "/hang") return new Promise(() => {});
  if (pathname === "/process") return new Response(String(process.pid));
  if (pathname === "/empty") return new Response(null, { status: 204 });
  const response = new Response(new Uint8Array([0, 255, 128]), { status: 201, headers: { "x-q": searchParams.getAll("a").join() } });
  response.headers.append("set-cookie", "a=1");
  response.headers.append("set-cookie", "b=2");
  return response;
}
const route = { pattern: "/[[...all]]", module: { GET: answer }, middleware: [] };
const app = createApp(onePattern([{ name: "all", rest: "any" }], route));
export const handler = ${handler};
`;

for (const front of fronts) {
  test(`bytes, status, query and two cookies pass ${front} under AWS's runtime client`, async (t) => {
    const make = front.endsWith("-stream") ? "toStreamingHandler(app)" : "toHandler(app)";
    const emulator = await start(t, functionOf(make), { front });
    const response = await get(emulator, "/x?a=1%262");
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("x-q"), "1&2");
    assert.deepEqual(response.headers.getSetCookie().sort(), ["a=1", "b=2"]);
    assert.deepEqual([...new Uint8Array(await response.arrayBuffer())], [0, 255, 128]);
    assert.equal((await get(emulator, "/empty")).status, 204);
  });
}

for (const make of ["toHandler(app, { background: await createBackground() })", "toStreamingHandler(app)"]) {
  test(`waitUntil work goes on after the answer of ${make}, and is done`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "lambda-"));
    t.after(() => rm(folder, { recursive: true }));
    const front = make.startsWith("toStreaming") ? "function-url-stream" : "http-api";
    const emulator = await start(t, functionOf(make), { front, env: { FOLDER: folder } });
    // The work waits for the answer, so that an answer that waited for the work would never come.
    await (await get(emulator, "/work")).arrayBuffer();
    await writeFile(join(folder, "answered"), "");
    const read = () => readFile(join(folder, "done"), "utf8").catch(() => "");
    while ((await read()) === "") await wait(10);
    assert.equal(await read(), "/work");
  });
}

for (const [front, make] of [
  ["http-api", "toHandler(app)"],
  ["function-url-stream", "toStreamingHandler(app)"],
] as const) {
  test(`a route that hangs is a 504 behind ${front}, and costs no environment`, async (t) => {
    const emulator = await start(t, functionOf(make), { front, settings: { timeout: 2000 } });
    const read = async () => (await get(emulator, "/process")).text();
    const before = await read();
    const late = await get(emulator, "/hang");
    assert.deepEqual([late.status, JSON.parse(await late.text()).code], [504, "LAMBDA_TIME_UP"]);
    // The client has its answer a moment before the environment is free; until then another one serves.
    let now = await read();
    for (let tries = 0; now !== before && tries < 50; tries++) {
      await wait(20);
      now = await read();
    }
    assert.equal(now, before);
  });
}
