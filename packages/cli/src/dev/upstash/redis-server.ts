/**
 * A redis-server of this process: on the loopback, behind a password of its own, gone when the process is, however that
 * ends.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { GodwitError } from "@godwit/core/errors";
import { openConnection, type RedisAddress } from "./connections.ts";
import { isRefusal } from "./resp.ts";

export interface RedisOptions {
  /** The program's path. */
  program: string;
  /** Where it keeps what it holds; without one that ends with it. */
  folder?: string | undefined;
  /** It has ended by itself. */
  onEnd?: (why: string) => void;
}

export interface RedisServer extends RedisAddress {
  /** For clients: `redis://:<password>@127.0.0.1:<port>`. */
  url: string;
  pid: number;
  close(): Promise<void>;
}

/** Its path, from PATH. */
export function findRedisServer(): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, "redis-server"))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** How often another port is tried: between finding a free one and taking it, somebody else may. */
const TRIES = 3;

/** Milliseconds that it may take until it answers: it reads what it kept first. */
const PATIENCE = 10_000;

/** Throws REDIS_SERVER_FAILED with its own last words. */
export async function startRedisServer(options: RedisOptions): Promise<RedisServer> {
  for (let left = TRIES; ; left--) {
    const started = await start(options, await freePort());
    if (!("failed" in started)) return started;
    if (left > 1 && /address already in use|refuses its password/i.test(started.failed)) continue;
    const where =
      options.folder === undefined ? "" : ` What it keeps is in ${options.folder}: delete that to begin anew.`;
    throw new GodwitError("REDIS_SERVER_FAILED", `${options.program} did not start: ${started.failed}.${where}`);
  }
}

/**
 * The shell becomes the server, so that its id is the server's, and leaves one behind that waits for the end of this
 * process: where a pipe ends without a line, nobody could end the server any more.
 */
const GUARDED = '(read -r _ <&3 || kill "$$") >/dev/null 2>&1 & exec "$0" - 3<&-';

async function start(
  { program, folder, onEnd }: RedisOptions,
  port: number,
): Promise<RedisServer | { failed: string }> {
  const password = randomBytes(24).toString("base64url");
  // Out of the terminal's group, whose Ctrl-C would end it before those who use it.
  const child = spawn("/bin/sh", ["-c", GUARDED, program], {
    detached: true,
    stdio: ["pipe", "pipe", "ignore", "pipe"],
  });
  let words = "";
  child.stdout?.on("data", (data) => {
    words = `${words}${data}`.slice(-2000);
  });
  for (const stream of child.stdio) stream?.on("error", () => {}); // its end is told by `exit`
  // Not `close`: that waits for the other end of the guard's pipe.
  const ended = once(child, "exit").catch(() => {});
  const guard = child.stdio[3] as Writable; // as spawned
  void ended.then(() => guard.end("over\n"));
  child.stdin?.end(settings({ port, password, folder }));
  let isClosing = false;
  const close = async (): Promise<void> => {
    isClosing = true;
    child.kill();
    const late = setTimeout(() => child.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(late);
  };
  const failed = await untilReady(child, { port, password });
  if (failed !== undefined) {
    await close();
    return { failed: lastWords(words) || failed };
  }
  void ended.then(() => {
    if (!isClosing) onEnd?.(lastWords(words) || `it ended with ${child.exitCode ?? child.signalCode}`);
  });
  return { port, password, url: `redis://:${password}@127.0.0.1:${port}`, pid: child.pid ?? 0, close };
}

/** By standard input: what is on a command line everybody on the machine can read. */
function settings({ port, password, folder }: RedisAddress & { folder: string | undefined }): string {
  const lines = [
    "bind 127.0.0.1",
    `port ${port}`,
    `requirepass ${password}`,
    // Changes are written as they come: a dump would be as old as the last one where the machine stops.
    `appendonly ${folder === undefined ? "no" : "yes"}`,
    'save ""',
    `dir ${JSON.stringify(folder ?? tmpdir())}`,
    "loglevel warning",
    'logfile ""',
  ];
  return `${lines.join("\n")}\n`;
}

/** Why it will not be; undefined when it is. */
async function untilReady(child: ChildProcess, address: RedisAddress): Promise<string | undefined> {
  const until = performance.now() + PATIENCE;
  while (child.exitCode === null && child.signalCode === null) {
    if (performance.now() > until) return `it did not answer within ${PATIENCE / 1000} seconds`;
    try {
      const connection = await openConnection(address);
      const [pong = null] = await connection.send([["PING"]]);
      connection.close();
      if (!isRefusal(pong)) return undefined;
    } catch (error) {
      // Another server has the port.
      if (error instanceof Error && error.message.startsWith("WRONGPASS")) return "the server refuses its password";
    }
    await sleep(10);
  }
  return "it ended at once";
}

/** Its log's last line that says something, without process and time. */
function lastWords(log: string): string {
  const lines = log.split("\n").map((line) => line.replace(/^\d+:\w .*? [#*.-] /, "").trim());
  return lines.filter((line) => line !== "" && !/^(?:oO0|Redis version|Configuration loaded)/.test(line)).at(-1) ?? "";
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return address && typeof address === "object" ? address.port : 0;
}
