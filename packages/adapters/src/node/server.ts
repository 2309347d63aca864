/**
 * The socket: HTTP/1.1, or with TLS HTTP/2 with HTTP/1.1 beside it, with limits on everything a client can make long.
 * @module
 */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import { GodwitError } from "@godwit/core/errors";
import type { Limits, ServeOptions } from "./options.ts";

export type NodeMessage = IncomingMessage | Http2ServerRequest;
export type NodeAnswer = ServerResponse | Http2ServerResponse;
/** `waits` is true when the client holds its body back until it hears `100 Continue`. */
export type Listener = (message: NodeMessage, answer: NodeAnswer, waits: boolean) => void;

/** A server that has no listeners yet. Throws TLS_FILE_UNREADABLE. */
export function createServer(options: ServeOptions, limits: Limits, listener: Listener): Server | Http2SecureServer {
  const shared = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: Math.min(limits.headerTime, limits.requestTime), // Node refuses one over the other
    requestTimeout: limits.requestTime,
    keepAliveTimeout: limits.keepAlive,
    connectionsCheckingInterval: Math.min(1000, limits.headerTime),
    noDelay: true,
  };
  const server = options.tls ? createSecure(options, limits, shared) : http().createServer(shared);
  // Node drops fields past this count without a word: one more than allowed tells that there were too many.
  if ("maxHeadersCount" in server) server.maxHeadersCount = limits.headerCount + 1;
  server.on("request", (message: NodeMessage, answer: NodeAnswer) => listener(message, answer, false));
  server.on("checkContinue", (message: NodeMessage, answer: NodeAnswer) => listener(message, answer, true));
  server.on("connect", (message: NodeMessage, channel: Socket | Http2ServerResponse) => {
    // A tunnel is never opened (RFC 9110 section 9.3.6). On HTTP/1.1 there is no response object, only the socket.
    if ("stream" in channel) listener(message, channel, false);
    else channel.end("HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  return server;
}

function http(): typeof import("node:http") {
  return process.getBuiltinModule("node:http");
}

function createSecure(options: ServeOptions, limits: Limits, shared: object): Http2SecureServer | Server {
  const tls = {
    ...shared,
    key: readPem(options.tls?.key),
    cert: readPem(options.tls?.cert),
    minVersion: "TLSv1.2" as const,
    handshakeTimeout: limits.headerTime,
  };
  if (options.http2 === false) return process.getBuiltinModule("node:https").createServer(tls);
  const server = process.getBuiltinModule("node:http2").createSecureServer({
    ...tls,
    allowHTTP1: true,
    settings: { maxConcurrentStreams: limits.streams, maxHeaderListSize: limits.headerBytes },
    maxHeaderListPairs: limits.headerCount + 8,
  });
  server.on("session", (session) => {
    session.setTimeout(limits.keepAlive, () => session.close());
  });
  return server;
}

function readPem(given = ""): string {
  if (given.startsWith("-----BEGIN")) return given;
  try {
    return process.getBuiltinModule("node:fs").readFileSync(given, "utf8");
  } catch (cause) {
    throw new GodwitError("TLS_FILE_UNREADABLE", `tls: cannot read ${given}. Give PEM text or a file's path.`, {
      cause,
    });
  }
}

/** The port of the options or the environment. Throws PORT_INVALID. */
export function readPort(options: ServeOptions): number {
  const given = process.env.PORT || options.port;
  const port = Number(given ?? 3000);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new GodwitError("PORT_INVALID", `PORT is ${given}; it must be a number from 0 to 65535.`);
}
