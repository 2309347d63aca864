/**
 * Messages as they are on the wire, for what stands between a client and a function.
 * @module
 */
import type { IncomingMessage, OutgoingMessage, Server } from "node:http";

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

/**
 * From here on the message's connection is that of the client whose address is in the header, and there is no such
 * header. Also runs as text in a server's process: it uses nothing around it.
 */
function takeClient(message: IncomingMessage, header: string): void {
  const address = message.headers[header];
  if (typeof address !== "string") return;
  delete message.headers[header];
  const { rawHeaders, socket } = message;
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === header);
  rawHeaders.splice(at, 2);
  Object.defineProperty(socket, "remoteAddress", { value: address, configurable: true });
}

/** `EmulateOptions.clientHeader` for a server here. Without a listener of its own: one changes what Node does itself. */
export function believeClient(server: Server, header: string | undefined): void {
  if (header === undefined) return;
  const emit = server.emit.bind(server);
  server.emit = (name: string, ...given: unknown[]) => {
    if (/^(?:request|upgrade|checkContinue)$/.test(name)) takeClient(given[0] as IncomingMessage, header); // of node:http
    return emit(name, ...given);
  };
}

/** Node's flags for a server in a process of its own. */
export function clientFlags(header: string | undefined): string[] {
  if (header === undefined) return [];
  const source = `const{Server}=process.getBuiltinModule("node:http"),{emit}=Server.prototype,take=${takeClient};
Server.prototype.emit=function(name,...given){if(/^(?:request|upgrade|checkContinue)$/.test(name))take(given[0],${JSON.stringify(header)});return emit.call(this,name,...given)}`;
  return ["--import", `data:text/javascript,${encodeURIComponent(source)}`];
}
