import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { findProgram } from "../../../../../test/programs.ts";
import { gone } from "../../cli.fixture.ts";
import { openConnection } from "./connections.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";
import type { Reply } from "./resp.ts";

const program = findProgram("redis-server", "redis-server");

function openFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'godwit "redis" ü '));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function ask(redis: RedisServer, ...words: string[]): Promise<Reply> {
  const connection = await openConnection(redis);
  const [reply = null] = await connection.send([words]);
  connection.close();
  return reply;
}

test("what it was told is there after it was closed, and after it was killed", async (t) => {
  const folder = openFolder(t);
  const first = await startRedisServer({ program, folder });
  await ask(first, "SET", "a", "one");
  await first.close();
  const ends: string[] = [];
  const second = await startRedisServer({ program, folder, onEnd: (why) => ends.push(why) });
  assert.equal(String(await ask(second, "GET", "a")), "one");
  await ask(second, "SET", "a", "two");
  process.kill(second.pid, "SIGKILL");
  while (ends.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const third = await startRedisServer({ program, folder });
  assert.equal(String(await ask(third, "GET", "a")), "two");
  await third.close();
});

test("without a folder it keeps nothing, and nobody gets in without the password", async () => {
  const redis = await startRedisServer({ program });
  assert.equal(await ask(redis, "SET", "a", "one"), "OK");
  await assert.rejects(openConnection({ ...redis, password: "wrong" }), /WRONGPASS/);
  await redis.close();
  await gone([redis.pid]);
  await assert.rejects(openConnection(redis), /ECONNREFUSED/);
});

test("it ends with the process that started it, also where that is killed", async (t) => {
  const code = `
    const { startRedisServer } = await import(${JSON.stringify(new URL("redis-server.ts", import.meta.url).href)});
    const { pid } = await startRedisServer({ program: ${JSON.stringify(program)} });
    console.log(pid);
    setInterval(() => {}, 1000);`;
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => child.kill("SIGKILL"));
    const [data] = await once(child.stdout, "data");
    child.kill(signal);
    await gone([Number(data)]);
  }
});

test("where it cannot start, its own last words are told", async (t) => {
  const folder = openFolder(t);
  writeFileSync(join(folder, "appendonlydir"), "no folder");
  await assert.rejects(startRedisServer({ program, folder }), {
    code: "REDIS_SERVER_FAILED",
    message: /did not start: .*appendonlydir.*delete that to begin anew/i,
  });
  await assert.rejects(startRedisServer({ program: join(folder, "none") }), { code: "REDIS_SERVER_FAILED" });
});
