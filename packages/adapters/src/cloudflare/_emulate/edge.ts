/**
 * Cloudflare's edge, as far as a Worker sees it: in front of workerd's own socket it says who the client is, whatever
 * the client says, and lets bytes through both ways as they come. miniflare's entry is not used: it compresses, and
 * then delivers a stream in one piece.
 * @module
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { clientAddress, hasBody, pairsOf, sendHead } from "../../_emulate/raw.ts";
import { PatientAgent } from "./patient.ts";

export interface Edge {
  server: Server;
  /** Holds new requests back, and waits until those on their way are answered or the time is up. */
  pause(milliseconds: number): Promise<void>;
  resume(origin: URL): void;
  close(): void;
}

/** Of the connection, not of the message (RFC 9110 section 7.6.1); Node writes its own. */
const HOP = /^(?:connection|keep-alive|proxy-connection)$/i;
/** Only the edge says these, and only miniflare's parts the last. */
const EDGE_ONLY = /^(?:cf-(?:connecting-ip|ray|ipcountry|visitor|worker)|mf-.*)$/i;
const SCHEME = /^x-forwarded-proto$/i;
/** workerd ends a chunked body cleanly when its stream failed, and then closes the connection: how long to look. */
const FAILURE_WINDOW = 20;
/** `secure`: clients speak HTTPS, and the runtime's socket takes whole URLs. */
export function createEdge(secure = false): Edge {
  const busy = new Set<ServerResponse>();
  let open: (origin: URL) => void = () => {};
  let origin = new Promise<URL>((resolve) => {
    open = resolve;
  });

  // Cloudflare takes 128 KB of headers; time limits are the Worker's own.
  const server = createServer({ maxHeaderSize: 128 * 1024, requestTimeout: 0, headersTimeout: 60_000 });

  server.on("request", async (incoming: IncomingMessage, answer: ServerResponse) => {
    const { hostname, port } = await origin;
    busy.add(answer);
    answer.on("close", () => busy.delete(answer));
    const fail = (status: number, text: string): void => {
      if (answer.headersSent) answer.destroy();
      else answer.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
    };
    // RFC 9112 section 3.2.4: `OPTIONS *` asks about the server, and a Worker has a path.
    if (incoming.url === "*") return fail(400, "The request has no path.");
    // A connection for each request: workerd closes one after an answer to a body that nobody read, and the next
    // request on it would be lost. Kept alive all the same, since its early end tells of a failed stream.
    const agent = new PatientAgent({ keepAlive: true });
    answer.on("close", () => agent.destroy());
    try {
      const headers = toWorkerHeaders(incoming, secure);
      const path = targetOf(incoming, secure);
      const outgoing = request({ agent, hostname, port, method: incoming.method, path, headers });
      let whole = () => false;
      outgoing.on("error", () => whole() || fail(502, "The Worker did not answer."));
      outgoing.on("response", (response) => {
        whole = () => response.complete;
        relay(response, answer);
      });
      answer.on("close", () => answer.writableFinished || outgoing.destroy());
      if (hasBody(incoming)) sendHead(outgoing);
      incoming.pipe(outgoing);
    } catch {
      fail(400, "The request is not valid HTTP."); // Node refuses to send such a path
    }
  });

  server.on("upgrade", async (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { hostname, port } = await origin;
    socket.on("error", () => socket.destroy());
    const headers = [...toWorkerHeaders(incoming, secure), "connection", "Upgrade"];
    const outgoing = request({ agent: false, hostname, port, path: targetOf(incoming, secure), headers });
    outgoing.on("error", () => socket.destroy());
    outgoing.on("response", (response) => {
      socket.write(toHead(response));
      response.pipe(socket);
    });
    outgoing.on("upgrade", (response, upstream, first) => {
      upstream.on("error", () => socket.destroy());
      socket.write(`${toHead(response)}`);
      socket.write(first);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    outgoing.end();
  });

  return {
    server,
    async pause(milliseconds) {
      origin = new Promise<URL>((resolve) => {
        open = resolve;
      });
      const drained = [...busy].map((answer) => new Promise((resolve) => answer.on("close", resolve)));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, milliseconds);
      });
      await Promise.race([Promise.all(drained), late]);
      clearTimeout(timer);
    },
    resume: (url) => open(url),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function targetOf({ url = "/", headers }: IncomingMessage, secure: boolean): string {
  const path = url.replace(/^https?:\/\/[^/?#]*/i, "") || "/"; // RFC 9112 section 3.2.2: a server takes the absolute form
  return secure ? `https://${headers.host ?? "localhost"}${path}` : path;
}

/** The client's headers as it wrote them, and what the edge adds. */
function toWorkerHeaders(incoming: IncomingMessage, secure: boolean): string[] {
  const { rawHeaders, headers, method = "GET" } = incoming;
  const pairs = pairsOf(rawHeaders).filter(([name]) => !HOP.test(name) && !EDGE_ONLY.test(name));
  const isCookie = ([name]: readonly string[]): boolean => name?.toLowerCase() === "cookie";
  const kept = pairs.filter((pair) => !isCookie(pair) && !(secure && SCHEME.test(pair[0])));
  if (secure) kept.push(["x-forwarded-proto", "https"], ["cf-visitor", '{"scheme":"https"}']);
  // RFC 9113 section 8.2.3: crumbs become one field, which workerd would join with a comma.
  if (headers.cookie !== undefined) {
    const crumbs = pairs.filter(isCookie).map(([, value]) => value);
    kept.push(["cookie", crumbs.join("; ")]);
  }
  kept.push(["cf-connecting-ip", clientAddress(incoming)]);
  kept.push(["cf-ray", `${randomBytes(8).toString("hex")}-DEV`]);
  // Node would announce a chunked body for these methods.
  if (!hasBody(incoming) && !/^(?:GET|HEAD|DELETE|OPTIONS|TRACE)$/.test(method)) kept.push(["content-length", "0"]);
  return kept.flat();
}

function relay(response: IncomingMessage, answer: ServerResponse): void {
  const chunked = response.headers["transfer-encoding"] !== undefined;
  const headers = pairsOf(response.rawHeaders).filter(
    ([name]) => !HOP.test(name) && !/^transfer-encoding$/i.test(name),
  );
  answer.writeHead(response.statusCode ?? 502, response.statusMessage ?? "", headers.flat());
  sendHead(answer);
  response.on("error", () => answer.destroy());
  response.pipe(answer, { end: false });
  const { socket } = response;
  const cut = (): void => {
    clearTimeout(timer);
    answer.destroy();
  };
  let timer: NodeJS.Timeout | undefined;
  response.on("end", () => {
    if (!chunked) return void answer.end();
    if (socket.destroyed) return cut();
    socket.once("close", cut);
    timer = setTimeout(() => {
      socket.off("close", cut);
      answer.end();
    }, FAILURE_WINDOW);
  });
}

function toHead({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = pairsOf(rawHeaders).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join("\r\n")}\r\n\r\n`;
}
