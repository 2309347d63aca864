/**
 * The server that the user sees: lets everything through to the platform's emulator as it comes, both ways, and puts
 * the overlay's script into pages.
 * @module
 */
import { randomBytes } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { http } from "./http.ts";
import { createInjector, isPage, scriptWith, wantsPage } from "./inject.ts";
import { OVERLAY_EVENTS, OVERLAY_PAGE, OVERLAY_SCRIPT } from "./overlay.ts";
import { amendPolicy } from "./policy.ts";
import { hasBody, pairsOf, passedIn, passedOn } from "./raw.ts";
import type { Lease } from "./runtime.ts";
import { upgrade } from "./upgrade.ts";

/** On an answer of the runtime that has no code to run at all. */
const FAILURE = "x-godwit-dev-failure";

const POLICY = /^content-security-policy(?:-report-only)?$/i;
const LENGTH = /^content-length$/i;

export interface FrontOptions {
  /** PEM. */
  secure?: { key: string; cert: string };
  /** Where the runtime reads the client's address. */
  clientHeader: string;
  /** The emulator of now, for the time of one request. */
  lease(): Promise<Lease>;
  /** Answers what is the dev server's own; true where it did. */
  own(incoming: IncomingMessage, answer: ServerResponse): boolean;
  onAnswer(incoming: IncomingMessage, status: number, milliseconds: number): void;
}

export function createFront(options: FrontOptions): Server {
  const settings = { maxHeaderSize: 128 * 1024, requestTimeout: 0, headersTimeout: 60_000 };
  const server = options.secure
    ? process.getBuiltinModule("node:https").createServer({ ...settings, ...options.secure })
    : http.createServer(settings);
  const nonce = randomBytes(16).toString("base64url"); // one for all, since a browser may keep a page
  const serve = (incoming: IncomingMessage, answer: ServerResponse): void => {
    if (options.own(incoming, answer)) return;
    const start = performance.now();
    answer.on("close", () => {
      const status = answer.headersSent ? answer.statusCode : 499; // nginx's word for a client that went away
      options.onAnswer(incoming, status, performance.now() - start);
    });
    void pass({ ...options, nonce }, incoming, answer);
  };
  server.on("request", serve);
  server.on("upgrade", (incoming, socket, head) => {
    const start = performance.now();
    void upgrade(options, incoming, socket, head, (status) =>
      options.onAnswer(incoming, status, performance.now() - start),
    );
  });
  return server;
}

async function pass(
  options: FrontOptions & { nonce: string },
  incoming: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const fail = (text: string): void => {
    if (answer.headersSent) return void answer.destroy();
    if (wantsPage(incoming)) return void sendOverlay(answer);
    const body = JSON.stringify({ type: "about:blank", title: "Bad Gateway", status: 502, detail: text });
    answer.writeHead(502, { "content-type": "application/problem+json" }).end(body);
  };
  let lease: Lease;
  try {
    lease = await options.lease();
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
  answer.on("close", lease.release);
  if (answer.destroyed) return lease.release();
  const { hostname, port } = lease.url;
  // A connection for each request: a server may close an idle one at the very moment that it is used again.
  const agent = new http.Agent({ keepAlive: true });
  answer.on("close", () => agent.destroy());
  try {
    const headers = passedIn(incoming, options.clientHeader);
    if (!hasBody(incoming) && !/^(?:GET|HEAD|DELETE|OPTIONS|TRACE)$/.test(incoming.method ?? "GET")) {
      headers.push("content-length", "0"); // Node would announce a chunked body for these methods
    }
    const outgoing = http.request({
      agent,
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port,
      method: incoming.method,
      path: incoming.url,
      headers,
    });
    let isWhole = () => false;
    outgoing.on("error", (error) => isWhole() || fail(`The runtime did not answer: ${error.message}`));
    outgoing.on("response", (response) => {
      isWhole = () => response.complete;
      relay(incoming, response, answer, options.nonce);
    });
    answer.on("close", () => answer.writableFinished || outgoing.destroy());
    if (hasBody(incoming)) outgoing.write(new Uint8Array()); // `flushHeaders` would write them as UTF-8
    incoming.pipe(outgoing);
  } catch {
    fail("The request is not valid HTTP."); // Node refuses to send such a path
  }
}

function relay(incoming: IncomingMessage, response: IncomingMessage, answer: ServerResponse, nonce: string): void {
  const script = scriptWith(nonce);
  const forPage = wantsPage(incoming);
  const { statusCode = 502, statusMessage = "", headers } = response;
  if (forPage && headers[FAILURE] !== undefined) {
    response.resume();
    return void sendOverlay(answer);
  }
  const injects = forPage && isPage(response);
  // A browser puts the headers of "not modified" over those of the page that it has kept.
  const isPolicy = (name: string): boolean => (injects || (forPage && statusCode === 304)) && POLICY.test(name);
  const needs = { host: incoming.headers.host ?? "", script: OVERLAY_SCRIPT, events: OVERLAY_EVENTS, nonce };
  const pairs = passedOn(response)
    .filter(([name]) => !/^transfer-encoding$/i.test(name))
    .map(([name, value]) => [
      name,
      isPolicy(name) ? amendPolicy(value, needs) : injects && LENGTH.test(name) ? longer(value, script) : value,
    ]);
  answer.writeHead(statusCode, statusMessage, pairs.flat());
  answer.write(new Uint8Array());
  response.on("error", () => answer.destroy());
  response.on("end", () => {
    const { rawTrailers: raw } = response;
    if (raw.length > 0) answer.addTrailers(pairsOf(raw));
  });
  if (injects) response.pipe(createInjector(script)).pipe(answer);
  else response.pipe(answer);
}

const longer = (length: string, script: string): string => String(Number(length) + script.length);

function sendOverlay(answer: ServerResponse): void {
  answer.writeHead(500, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" }).end(OVERLAY_PAGE);
}
