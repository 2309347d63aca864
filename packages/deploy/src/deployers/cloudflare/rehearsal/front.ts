/**
 * The address of a Worker: bytes pass both ways as they come, to the version that is chosen for each request.
 * @module
 */
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { closeServer, listen } from "../../../rehearsal/server.ts";

export interface Origin {
  url: URL;
  /** Told the status, 0 for none, and how long it took. Once. */
  done(status: number, milliseconds: number, at: number): void;
}

export interface Front {
  url: URL;
  port: number;
  close(): Promise<void>;
}

/** `choose` gives nothing where there is no Worker to ask. The port of the last time is taken again where it is free. */
export async function openFront(
  host: string,
  port: number,
  choose: (headers: IncomingHttpHeaders) => Promise<Origin | undefined>,
): Promise<Front> {
  async function pass(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const origin = await choose(req.headers);
    if (!origin) {
      res.writeHead(404, { "content-type": "text/plain" }).end("There is nothing here yet.\n");
      return;
    }
    const began = Date.now();
    let status = 0;
    const { hostname, port: to } = origin.url;
    const { method, url: path, rawHeaders } = req;
    const forward = httpRequest({ host: hostname, port: to, method, path, headers: rawHeaders, setHost: false });
    forward.on("response", (answer) => {
      status = answer.statusCode ?? 0;
      res.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders);
      res.flushHeaders();
      answer.pipe(res);
      answer.on("error", () => res.destroy());
    });
    forward.on("error", () => (res.headersSent ? res.destroy() : res.writeHead(502).end()));
    res.on("close", () => {
      origin.done(status, Date.now() - began, began);
      forward.destroy();
    });
    req.pipe(forward);
  }

  async function upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const origin = await choose(req.headers);
    if (!origin) return void socket.destroy();
    const { hostname, port: to } = origin.url;
    const began = Date.now();
    const forward = httpRequest({ host: hostname, port: to, path: req.url, headers: req.rawHeaders, setHost: false });
    let status = 0;
    socket.on("close", () => origin.done(status, Date.now() - began, began));
    socket.on("error", () => forward.destroy());
    forward.on("error", () => socket.destroy());
    forward.on("response", () => socket.destroy());
    forward.on("upgrade", (answer, upstream, first) => {
      status = 101;
      const lines = [];
      for (let at = 0; at < answer.rawHeaders.length; at += 2) {
        lines.push(`${answer.rawHeaders[at]}: ${answer.rawHeaders[at + 1]}\r\n`);
      }
      socket.write(`HTTP/1.1 101 ${answer.statusMessage}\r\n${lines.join("")}\r\n`);
      socket.write(first);
      upstream.write(head);
      upstream.on("error", () => socket.destroy());
      upstream.pipe(socket).pipe(upstream);
    });
    forward.end();
  }

  const server = createServer((req, res) => {
    pass(req, res).catch(() => (res.headersSent ? res.destroy() : res.writeHead(500).end()));
  });
  server.on("upgrade", (req, socket, head) => {
    upgrade(req, socket, head).catch(() => socket.destroy());
  });
  await listen(server, port, host).catch(async (error: unknown) => {
    if (port === 0) throw error;
    await listen(server, 0, host);
  });
  const { port: taken } = server.address() as AddressInfo; // a TCP server that listens has one
  const shown = host.includes(":") ? `[${host}]` : host;
  return { url: new URL(`http://${shown}:${taken}/`), port: taken, close: () => closeServer(server) };
}
