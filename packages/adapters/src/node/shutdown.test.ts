import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once as event } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { raw } from "../_http/raw.fixture.ts";

/** An app whose routes tell on standard output what happens to them. */
const SERVER = `
import { start } from ${JSON.stringify(import.meta.resolve("./index.ts"))};
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const app = { async fetch(request, execution) {
  const { pathname } = new URL(request.url);
  if (pathname === "/slow") { console.log("slow begun"); await sleep(300); return new Response("slow done"); }
  if (pathname === "/hang") { console.log("hang begun"); await sleep(60_000); }
  if (pathname === "/later") execution.waitUntil(sleep(300).then(() => console.log("background done")));
  return new Response("ok");
} };
const env = process.env.NEEDED ? { parse() { throw Object.assign(new Error("A is missing\\nB is missing"), { code: "ENV_INVALID" }); } } : undefined;
await start(app, { env, host: "127.0.0.1", health: { live: "/healthz", ready: "/readyz" }, shutdown: JSON.parse(process.env.SHUTDOWN ?? "{}") });
`;

interface Running {
  child: ChildProcess;
  url: URL;
  output(): string;
  /** Waits for a line on standard output. */
  said(text: string): Promise<void>;
  code: Promise<number | null>;
}

async function run(use: (running: Running) => Promise<void>, env: Record<string, string> = {}): Promise<void> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", SERVER], {
    env: { ...process.env, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const code = event(child, "close").then(([status]) => status as number | null); // what the event gives
  child.stderr?.on("data", (chunk) => {
    output += chunk;
  });
  child.stdout?.on("data", (chunk) => {
    output += chunk;
  });
  const said = async (text: string) => {
    while (!output.includes(text)) {
      await Promise.race([child.stdout && event(child.stdout, "data"), code]);
      if (child.exitCode !== null && !output.includes(text)) throw new Error(`ended without ${text}: ${output}`);
    }
  };
  try {
    await said("Listening on");
    await use({ child, url: new URL(/http:\S+/.exec(output)?.[0] ?? ""), output: () => output, said, code });
  } finally {
    child.kill("SIGKILL");
    await code;
  }
}

test("SIGTERM lets requests finish, refuses new ones, and exits with 0", async () => {
  await run(async ({ child, url, said, code }) => {
    const slow = fetch(new URL("/slow", url));
    await said("slow begun");
    child.kill("SIGTERM");
    assert.equal(await (await slow).text(), "slow done");
    assert.equal(await code, 0);
    await assert.rejects(fetch(url));
  });
});

test("SIGINT waits for waitUntil work", async () => {
  await run(async ({ child, url, output, code }) => {
    assert.equal(await (await fetch(new URL("/later", url))).text(), "ok");
    child.kill("SIGINT");
    assert.equal(await code, 0);
    assert.match(output(), /background done/);
  });
});

test("an idle connection does not hold the end back", async () => {
  await run(async ({ child, url, code }) => {
    const idle = connect(Number(url.port), "127.0.0.1");
    idle.write(`GET / HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
    await event(idle, "data");
    child.kill("SIGTERM");
    assert.equal(await code, 0);
    idle.destroy();
  });
});

test("what is not done at the deadline is cut, and the exit code is 1", async () => {
  await run(
    async ({ child, url, said, code }) => {
      const hanging = fetch(new URL("/hang", url)).catch((error) => error.name);
      await said("hang begun");
      child.kill("SIGTERM");
      assert.equal(await code, 1);
      assert.equal(await hanging, "TypeError");
    },
    { SHUTDOWN: '{"deadline":200}' },
  );
});

test("a second signal ends it at once", async () => {
  await run(async ({ child, url, said, code }) => {
    fetch(new URL("/hang", url)).catch(() => {});
    await said("hang begun");
    child.kill("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill("SIGTERM");
    assert.equal(await code, 1);
  });
});

test("readiness turns 503 while liveness stays 200, and connections are told to close", async () => {
  await run(
    async ({ child, url, code }) => {
      assert.equal((await fetch(new URL("/readyz", url))).status, 200);
      child.kill("SIGTERM");
      const get = (path: string) => raw(url, `GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
      let ready = "";
      while (!ready.startsWith("HTTP/1.1 503")) ready = await raw(url, "GET /readyz HTTP/1.0\r\n\r\n");
      assert.match(await get("/healthz"), /^HTTP\/1.1 200[\s\S]*connection: close/i);
      assert.equal(await code, 0);
    },
    { SHUTDOWN: '{"delay":400}' },
  );
});

test("a wrong environment is one error and exit code 1", async () => {
  await assert.rejects(
    run(async () => {}, { NEEDED: "1" }),
    /ENV_INVALID: A is missing\nB is missing/,
  );
});

test("a wrong PORT is one error", async () => {
  await assert.rejects(
    run(async () => {}, { PORT: "http" }),
    /PORT_INVALID: PORT is http/,
  );
});
