/**
 * Messages as they are on the wire, for what stands between a client and a function.
 * @module
 */
import type { IncomingMessage, OutgoingMessage } from "node:http";

/** `rawHeaders` of node:http by twos. */
export function pairsOf(rawHeaders: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) pairs.push([rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""]);
  return pairs;
}

/** Sends the head before there is a body. Node's `flushHeaders` writes it as UTF-8, an empty write as the bytes it is. */
export function sendHead(message: OutgoingMessage): void {
  message.write(new Uint8Array());
}

/** RFC 9112 section 6.3: a request that announces no body has none. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

/** Who connected, with an IPv4 address in its own form. */
export function clientAddress({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
}
