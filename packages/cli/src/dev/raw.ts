/**
 * Messages as they are on the wire, for what passes them on.
 * @module
 */
import type { IncomingMessage } from "node:http";

type Pair = [name: string, value: string];

/** Of the connection, not of the message (RFC 9110 section 7.6.1); Node writes its own. */
const HOP = /^(?:connection|keep-alive|proxy-connection)$/i;

/** Headers as they were sent, duplicates and letters' case included, without those of the connection. */
export function passedOn({ rawHeaders }: IncomingMessage): Pair[] {
  return pairsOf(rawHeaders).filter(([name]) => !HOP.test(name));
}

/** What the runtime gets of a request: who the client is stands in a header that nobody else can know. */
export function passedIn(incoming: IncomingMessage, clientHeader: string): string[] {
  const address = (incoming.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  return [clientHeader, address, ...passedOn(incoming).flat()];
}

/** `rawHeaders` of node:http by twos. */
export function pairsOf(raw: readonly string[]): Pair[] {
  const pairs: Pair[] = [];
  for (let at = 0; at < raw.length; at += 2) pairs.push([raw[at] ?? "", raw[at + 1] ?? ""]);
  return pairs;
}

/** RFC 9112 section 6.3: a request that announces no body has none. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

/** The head of an answer as bytes, for a socket that has been taken over. */
export function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): Buffer {
  let head = `HTTP/1.1 ${statusCode} ${statusMessage}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) head += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  return Buffer.from(`${head}\r\n`, "latin1"); // node:http reads headers so
}
