/**
 * A client that keeps connections busy: one request in flight on each, over plain sockets.
 * @module
 */
import { connect, type Socket } from "node:net";
import { quantile } from "./stats.ts";

export interface Ask {
  method: string;
  url: string;
  body?: string;
  headers?: Record<string, string>;
  status: number;
}

export interface LoadResult {
  requests: number;
  /** Milliseconds. */
  p99: number;
}

/** Throws when an answer has another status, or a connection ends. */
export async function runLoad(port: number, ask: Ask, connections: number, milliseconds: number): Promise<LoadResult> {
  const bytes = toBytes(ask, port);
  const end = performance.now() + milliseconds;
  const times: number[] = [];
  await Promise.all(Array.from({ length: connections }, () => runOne(port, bytes, ask.status, end, times)));
  return { requests: times.length, p99: quantile(times, 0.99) };
}

function toBytes({ method, url, body = "", headers = {} }: Ask, port: number): Buffer {
  const { pathname, search } = new URL(url);
  const fields = { host: `127.0.0.1:${port}`, ...headers, ...(body && { "content-length": Buffer.byteLength(body) }) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`${[`${method} ${pathname}${search} HTTP/1.1`, ...lines].join("\r\n")}\r\n\r\n${body}`);
}

function runOne(port: number, bytes: Buffer, status: number, end: number, times: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    let begin = 0;
    let pending = "";
    const send = () => {
      begin = performance.now();
      socket.write(bytes);
    };
    socket.on("connect", send);
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`Port ${port} closed a connection.`)));
    socket.on("data", (data) => {
      pending += data.toString("latin1");
      if (!isWhole(pending)) return;
      if (!pending.startsWith(`HTTP/1.1 ${status}`)) reject(new Error(`Not ${status}: ${pending.slice(0, 200)}`));
      pending = "";
      const now = performance.now();
      times.push(now - begin);
      if (now < end) return send();
      socket.removeAllListeners("close");
      socket.destroy();
      resolve();
    });
  });
}

/** One answer at a time: its length, or its last chunk. */
function isWhole(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head + 2))?.[1];
  return length === undefined ? text.endsWith("0\r\n\r\n") : text.length >= head + 4 + Number(length);
}
