import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Redis, startRedis } from "../rate-limit/redis.fixture.ts";

let redis: Redis;
const folder = mkdtempSync(join(tmpdir(), "godwit-cache-"));
/** The paths that the origin was asked for. */
let asked: string[] = [];
const origin = createServer(async ({ url = "" }, response) => {
  asked.push(url);
  await pause(200);
  response.setHeader("cache-control", "max-age=60").end(`body of ${url}`);
});
before(async () => {
  redis = await startRedis();
  await once(origin.listen(0, "127.0.0.1"), "listening");
});
after(async () => {
  origin.close();
  await redis.close();
  rmSync(folder, { recursive: true, force: true });
});

for (const driver of ["sqlite", "redis"]) {
  test(`200 requests and 200 calls at once over 4 processes ask the origin once each: ${driver}`, async () => {
    asked = [];
    const script = join(import.meta.dirname, "asker.fixture.ts");
    const bindings = JSON.stringify(driver === "redis" ? { REDIS_URL: redis.path } : { STORE_PATH: folder });
    const at = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`; // it listens on a port
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, [script, driver, bindings, at, "100"], { timeout: 60_000 }),
    );
    const printed = children.map(({ stdout, stderr }) => {
      const said = { out: "", errors: "" };
      stdout.on("data", (data) => (said.out += data));
      stderr.on("data", (data) => (said.errors += data));
      return said;
    });
    await Promise.all(children.map(({ stdout }) => once(stdout, "data")));
    for (const { stdin } of children) stdin.end("\n");
    const codes = await Promise.all(children.map(async (child) => (await once(child, "close"))[0]));
    assert.deepEqual(
      [codes, printed.map(({ errors }) => errors)],
      [
        [0, 0, 0, 0],
        ["", "", "", ""],
      ],
    );
    const answers = printed.flatMap(({ out }) => JSON.parse(out.replace("ready\n", "")) as string[]); // as the fixture prints it
    const of = (body: string) => answers.filter((answer) => answer === body).length;
    assert.deepEqual([of("body of /response"), of("body of /function")], [200, 200]);
    assert.deepEqual(asked.sort(), ["/function", "/response"]);
  });
}
