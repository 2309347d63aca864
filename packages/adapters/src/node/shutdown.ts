/**
 * The end of a server: nothing new, everything begun finished, within a deadline.
 * @module
 */
import type { Server } from "node:http";
import type { Http2SecureServer, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { ServerState } from "./handle.ts";
import type { ServeOptions } from "./options.ts";

const POLL = 20;
/** Milliseconds in which a client hears that its HTTP/2 session ends, before streams that it opens are refused. */
const NOTICE = 1000;

/**
 * Resolves to whether everything had finished. With `drain`, the milliseconds that it may take, no connection is closed
 * that a client may be about to use: each ends with its next answer, or when it has been idle for `keepAlive`.
 */
export type Shutdown = (drain?: number) => Promise<boolean>;

export function createShutdown(
  server: Server | Http2SecureServer,
  state: ServerState,
  options: ServeOptions,
): Shutdown {
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });

  const isDone = () => state.active === 0 && state.background.size === 0;
  const drain = async (time: number): Promise<boolean> => {
    const begun = performance.now();
    state.closing = true;
    // RFC 9113 section 6.8: first a notice that refuses nothing, so that no stream on its way is lost.
    for (const session of sessions) session.goaway(0, 2 ** 31 - 1);
    for (;;) {
      const past = performance.now() - begun;
      if (past >= NOTICE) for (const session of sessions) session.close();
      if (isDone() && sockets.size === 0) return true;
      if (past >= time) break;
      await sleep(POLL);
    }
    const done = isDone();
    for (const socket of sockets) socket.destroy();
    return done;
  };
  const close = async (): Promise<boolean> => {
    const { delay = 0, deadline = 10_000 } = options.shutdown ?? {};
    const until = performance.now() + delay + deadline;
    state.closing = true;
    // Balancers need to see the 503 of the readiness endpoint before the port goes away.
    if (delay > 0) await sleep(delay);
    server.close();
    for (;;) {
      for (const session of sessions) session.close();
      // The HTTP/2 server has it for its HTTP/1.1 connections; its types do not know it.
      if ("closeIdleConnections" in server) (server as Server).closeIdleConnections(); // checked on this line
      // A connection that was opened ahead of its first request (browsers do) counts as busy for node:http.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      if (isDone() && sockets.size === 0) return true;
      if (performance.now() >= until) break;
      await sleep(POLL);
    }
    const done = isDone();
    for (const socket of sockets) socket.destroy();
    return done;
  };
  let closing: Promise<boolean> | undefined;
  return (time) => {
    closing ??= time === undefined ? close() : drain(time);
    return closing;
  };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
