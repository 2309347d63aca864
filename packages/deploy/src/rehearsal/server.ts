/**
 * What every control plane on this machine does alike: it reads a call, lets a fault come first, and writes an answer.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import type { FaultPlan } from "../contracts.ts";

export interface Call {
  method: string;
  /** Decoded once, without the query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** Bytes as they are; anything else as JSON; nothing for nothing. */
  body?: unknown;
}

export interface CallServerOptions {
  host?: string;
  port?: number;
  /** The vendor's word for a call, for `calls` and faults. */
  nameOf(call: Call): string;
  handle(call: Call): Promise<Answer>;
  /** The answer for what `handle` throws. */
  onError(error: unknown): Answer;
  fault?: FaultPlan | undefined;
}

export interface CallServer {
  url: URL;
  calls: string[];
  close(): Promise<void>;
}

/** Bytes of a call: AWS takes 70 MB in one. */
const LARGEST = 80 * 1024 * 1024;

/** Listens at once. Rejects with what node:net says of a port. */
export async function serveCalls(options: CallServerOptions): Promise<CallServer> {
  const { host = "127.0.0.1", port = 0, nameOf, handle, onError, fault } = options;
  const calls: string[] = [];

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (!isMeant(req))
      return send(res, { status: 403, body: { message: "A rehearsal answers its own machine alone." } });
    const body = await readAll(req);
    if (!body) return send(res, { status: 413 });
    const url = new URL(`http://control${req.url?.startsWith("/") ? req.url : "/"}`);
    const { method = "GET", headers } = req;
    const call: Call = { method, path: decode(url.pathname), query: url.searchParams, headers, body };
    const name = nameOf(call);
    const index = calls.push(name) - 1;
    const planned = fault?.(name, index);
    if (planned?.kind === "reset") return void req.socket.destroy();
    if (planned?.kind === "silence") return; // the client's own time-out ends it, or `close`
    if (planned?.kind === "answer") {
      const { status, headers: extra } = planned;
      res.writeHead(status, extra).end(planned.body);
      return;
    }
    const result = await handle(call).catch(onError);
    if (planned?.kind === "lost") return void req.socket.destroy();
    send(res, result);
  }

  const server = createServer((req, res) => {
    answer(req, res).catch(() => req.socket.destroy()); // the client went while it was being read
  });
  await listen(server, port, host);
  const address = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    url: new URL(`http://${host.includes(":") ? `[${host}]` : host}:${address.port}`),
    calls,
    close: () => closeServer(server),
  };
}

export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/**
 * Whether a client on this machine sent it, and no page in its browser: a page's own requests carry an origin, and one
 * whose name was made to lead here carries that name. Whoever comes through may upload code that is run.
 */
export function isMeant({ headers }: Pick<IncomingMessage, "headers">): boolean {
  if (headers.origin !== undefined || /^(?:cross-site|same-site)$/.test(String(headers["sec-fetch-site"])))
    return false;
  const name = (headers.host ?? "").replace(/:\d*$/, "");
  return isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0 || /^(?:[\w-]+\.)*localhost$/i.test(name);
}

/** Undefined when there is too much of it. */
export async function readAll(req: IncomingMessage): Promise<Buffer<ArrayBuffer> | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= LARGEST) chunks.push(chunk);
  }
  return bytes > LARGEST ? undefined : Buffer.concat(chunks);
}

function send(res: ServerResponse, { status, headers, body }: Answer): void {
  const bytes = body === undefined ? undefined : body instanceof Uint8Array ? body : JSON.stringify(body);
  const type = body === undefined || body instanceof Uint8Array ? {} : { "content-type": "application/json" };
  res.writeHead(status, { ...type, ...headers }).end(bytes);
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
