/**
 * A real redis-server for one test file, and as much of a client as the tests need.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findProgram } from "../../../../test/programs.ts";

export type Reply = string | number | null | Reply[];

export interface Redis {
  /** Of its socket. */
  path: string;
  /** Rejects with what the server says. */
  send(...words: (string | number)[]): Promise<Reply>;
  /** Stopped, it keeps its connections and answers nothing: as a machine that is frozen. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  close(): Promise<void>;
}

export interface RedisOptions {
  /** On the loopback, beside the socket. Default: none. */
  port?: number;
  password?: string;
  /** A file that says how far its clock is from that of this machine: see `setClock`. */
  clock?: string;
  /** More, as for its command line. */
  settings?: string[];
}

/** On a socket in a folder of its own. */
export async function startRedis({
  port = 0,
  password,
  clock,
  settings: more = [],
}: RedisOptions = {}): Promise<Redis> {
  const folder = mkdtempSync(join(tmpdir(), "godwit-redis-"));
  const path = join(folder, "socket");
  const settings = ["--port", `${port}`, "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", folder];
  if (password) settings.push("--requirepass", password);
  settings.push(...more);
  const env = { ...process.env, ...(clock !== undefined && toClockEnv(clock)) };
  const server = spawn(findProgram("redis-server", "redis-server"), settings, { stdio: "ignore", env });
  const socket = await reach(path);
  const waiting: { resolve(reply: Reply): void; reject(error: Error): void }[] = [];
  let buffer = Buffer.alloc(0);
  socket.on("data", (data) => {
    buffer = Buffer.concat([buffer, data]);
    for (let read = parse(buffer, 0); read; read = parse(buffer, 0)) {
      buffer = buffer.subarray(read.end);
      const { resolve, reject } = waiting.shift() ?? { resolve() {}, reject() {} };
      if (read.reply instanceof Error) reject(read.reply);
      else resolve(read.reply);
    }
  });
  const send: Redis["send"] = (...words) => {
    const parts = words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`);
    socket.write(`*${words.length}\r\n${parts.join("")}`);
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  };
  if (password) await send("AUTH", password);
  return {
    path,
    send,
    signal: (name) => server.kill(name),
    async close() {
      socket.destroy();
      const closed = once(server, "close");
      server.kill();
      await closed;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A port of the loopback that nobody listens on. */
export async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

/** Seconds from the clock of this machine, for a server that was started with this file. It holds at once. */
export function setClock(file: string, seconds: number): void {
  writeFileSync(file, `${seconds < 0 ? "" : "+"}${seconds}\n`);
}

/** Debian's faketime, under one program. Its library and jemalloc wait for each other, so that the C library's malloc comes first. */
function toClockEnv(file: string): Record<string, string> {
  findProgram("faketime", "faketime");
  const [library] = globSync("/usr/lib/*/faketime/libfaketimeMT.so.1");
  if (!library) throw new Error("Debian's package faketime has brought no libfaketimeMT.so.1.");
  setClock(file, 0);
  return {
    LD_PRELOAD: `${library} libc.so.6`,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
}

async function reach(path: string): Promise<Socket> {
  for (let left = 500; ; left--) {
    const socket = connect(path);
    try {
      await once(socket, "connect");
      return socket;
    } catch (error) {
      if (left === 0) throw error;
      await sleep(20);
    }
  }
}

/** The reply that begins at a byte, and where it ends; undefined where it is not whole yet. */
function parse(buffer: Buffer, start: number): { reply: Reply | Error; end: number } | undefined {
  const line = buffer.indexOf("\r\n", start);
  if (line < 0) return undefined;
  const text = buffer.toString("utf8", start + 1, line);
  const end = line + 2;
  const size = Number(text);
  switch (String.fromCharCode(buffer[start] ?? 0)) {
    case "-":
      return { reply: new Error(text), end };
    case ":":
      return { reply: size, end };
    case "$":
      if (size < 0) return { reply: null, end };
      if (buffer.length < end + size + 2) return undefined;
      return { reply: buffer.toString("utf8", end, end + size), end: end + size + 2 };
    case "*": {
      const items: Reply[] = [];
      let at = end;
      while (items.length < size) {
        const item = parse(buffer, at);
        if (!item) return undefined;
        if (item.reply instanceof Error) return { reply: item.reply, end: item.end };
        items.push(item.reply);
        at = item.end;
      }
      return { reply: items, end: at };
    }
    default:
      return { reply: text, end };
  }
}
