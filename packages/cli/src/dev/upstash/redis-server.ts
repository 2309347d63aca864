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
  /** Taken where it is free, or will be in a moment. Default: a free one. */
  port?: number;
  /** Default: a new one. */
  password?: string;
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
/** Milliseconds that whoever has the wanted port is given to end. */
const GRACE = 2000;

/** Milliseconds that it may take until it answers: it reads what it kept first. */
const PATIENCE = 10_000;

/** Throws REDIS_SERVER_FAILED with its own last words. */
export async function startRedisServer(options: RedisOptions): Promise<RedisServer> {
  const { program, folder } = options;
  const password = options.password ?? randomBytes(24).toString("base64url");
  const until = performance.now() + GRACE;
  for (let left = TRIES; ; ) {
    const wanted = performance.now() < until ? options.port : undefined;
    const started = await start(options, { port: wanted ?? (await freePort()), password });
    if (!("failed" in started)) return started;
    if (TAKEN.test(started.failed) && (wanted !== undefined || --left > 0)) {
      await sleep(50);
      continue;
    }
    const where = folder === undefined ? "" : ` What it keeps is in ${folder}: delete that to begin anew.`;
    throw new GodwitError("REDIS_SERVER_FAILED", `${program} did not start: ${started.failed}.${where}`);
  }
}

/** What is said where another process has the port. */
const TAKEN = /address already in use|failed listening on port/i;

/**
 * The shell becomes the server, so that its id is the server's, and leaves one behind that waits for the end of this
 * process: where a pipe ends without a line, nobody could end the server any more.
 */
const GUARDED = '(read -r _ <&3 || kill "$$") >/dev/null 2>&1 & exec "$0" - 3<&-';

async function start(
  { program, folder, onEnd }: RedisOptions,
  { port, password }: RedisAddress,
): Promise<RedisServer | { failed: string }> {
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
      const [info = null, pong = null] = await connection.send([["INFO", "server"], ["PING"]]);
      connection.close();
      // The one before it may have the port, and the password too.
      if (!String(info).includes(`\nprocess_id:${child.pid}\r`)) return OTHER;
      // Else it still reads what it kept.
      if (!isRefusal(pong)) return undefined;
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("WRONGPASS")) return OTHER;
    }
    await sleep(10);
  }
  return "it ended at once";
}

const OTHER = "Address already in use: another server answers there";

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
