/**
 * `wrangler tail` and `godwit logs`: a WebSocket that is told of every answer and line of a Worker.
 * developers.cloudflare.com/workers/observability/logs/real-time-logs
 * @module
 */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { closeServer, isMeant, listen } from "../../../rehearsal/server.ts";
import { hexId } from "./records.ts";

export interface Tails {
  /** A new tail of a Worker. */
  open(script: string): Promise<{ id: string; url: string; expires_at: string }>;
  end(id: string): void;
  /** A line of a Worker, which its front's tails are told of too. */
  tell(front: string, script: string, text: string): void;
  answered(script: string, version: string, status: number): void;
  close(): Promise<void>;
}

/** Milliseconds that a tail lasts. */
const LASTING = 6 * 60 * 60 * 1000;

export function createTails(host: string): Tails {
  const tails = new Map<string, { script: string; socket?: Duplex }>();
  const server = createServer((_req, res) => res.writeHead(426).end());
  let listening: Promise<void> | undefined;

  server.on("upgrade", (req, socket) => {
    const tail = tails.get(req.url?.slice(1) ?? "");
    const key = req.headers["sec-websocket-key"];
    if (!tail || !key || !isMeant(req)) return void socket.destroy();
    // RFC 6455 section 4.2.2
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    const head = ["HTTP/1.1 101 Switching Protocols", "upgrade: websocket", "connection: upgrade"];
    const protocol = req.headers["sec-websocket-protocol"] ? "sec-websocket-protocol: trace-v1\r\n" : "";
    socket.write(`${head.join("\r\n")}\r\nsec-websocket-accept: ${accept}\r\n${protocol}\r\n`);
    tail.socket = socket;
    socket.on("error", () => socket.destroy());
    answerPings(socket);
  });

  function send(script: string, trace: object): void {
    const bytes = Buffer.from(JSON.stringify(trace));
    for (const { script: own, socket } of tails.values()) if (own === script) socket?.write(frame(1, bytes));
  }

  const base = (scriptName: string): object => ({
    scriptName,
    outcome: "ok",
    eventTimestamp: Date.now(),
    exceptions: [],
    diagnosticsChannelEvents: [],
    truncated: false,
  });

  return {
    async open(script) {
      listening ??= listen(server, 0, host);
      await listening;
      const id = hexId();
      tails.set(id, { script });
      const { port } = server.address() as AddressInfo; // a TCP server that listens has one
      return { id, url: `ws://${host}:${port}/${id}`, expires_at: new Date(Date.now() + LASTING).toISOString() };
    },
    end(id) {
      tails.get(id)?.socket?.end(frame(8, Buffer.alloc(0)));
      tails.delete(id);
    },
    tell(front, script, text) {
      const logs = [{ message: [text], level: "log", timestamp: Date.now() }];
      for (const name of new Set([front, script])) send(name, { ...base(script), event: null, logs });
    },
    answered(script, version, status) {
      const event = { request: { url: "", method: "", headers: {}, cf: {} }, response: { status } };
      send(script, { ...base(script), scriptVersion: { id: version }, event, logs: [] });
    },
    async close() {
      for (const { socket } of tails.values()) socket?.destroy();
      if (listening) await closeServer(server);
    },
  };
}

/** RFC 6455 section 5.2; a server masks nothing. */
function frame(opcode: number, bytes: Buffer): Buffer {
  const { length } = bytes;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, bytes]);
}

/** A client sends pings and its goodbye, none longer than 125 bytes. */
function answerPings(socket: Duplex): void {
  let waiting = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 2) {
      const length = (waiting[1] ?? 0) & 0x7f;
      if (length > 125) return void socket.destroy();
      if (waiting.length < 6 + length) return;
      const opcode = (waiting[0] ?? 0) & 0x0f;
      const mask = waiting.subarray(2, 6);
      const payload = waiting.subarray(6, 6 + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
      waiting = waiting.subarray(6 + length);
      if (opcode === 9) socket.write(frame(10, Buffer.from(payload)));
      if (opcode === 8) return void socket.end(frame(8, Buffer.from(payload)));
    }
  });
}
