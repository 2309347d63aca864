/**
 * Connections that become something else, such as WebSockets: bytes both ways.
 * @module
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { http } from "./http.ts";
import { headOf, passedIn } from "./raw.ts";
import type { Lease } from "./runtime.ts";

export async function upgrade(
  { lease: take, clientHeader }: { lease(): Promise<Lease>; clientHeader: string },
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  onAnswer: (status: number) => void,
): Promise<void> {
  socket.on("error", () => socket.destroy());
  let lease: Lease;
  try {
    lease = await take();
  } catch {
    onAnswer(502);
    return void socket.end("HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  }
  socket.on("close", lease.release);
  if (socket.destroyed) return lease.release();
  const { hostname, port } = lease.url;
  const outgoing = http.request({
    agent: false,
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port,
    method: incoming.method,
    path: incoming.url,
    headers: [...passedIn(incoming, clientHeader), "connection", "Upgrade"],
  });
  socket.on("close", () => outgoing.destroy());
  outgoing.on("error", () => socket.destroy());
  outgoing.on("response", (response) => {
    onAnswer(response.statusCode ?? 502);
    socket.write(headOf(response));
    response.pipe(socket);
  });
  outgoing.on("upgrade", (response, upstream, first) => {
    onAnswer(response.statusCode ?? 101);
    upstream.on("error", () => socket.destroy());
    upstream.on("close", () => socket.destroy());
    socket.on("close", () => upstream.destroy());
    socket.write(headOf(response));
    socket.write(first);
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
  });
  outgoing.end();
}
