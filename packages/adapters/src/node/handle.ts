/**
 * One request: what is refused before the app sees it, and its way through the app and back.
 * @module
 */

import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { problem } from "@godwit/core/errors";
import { tooLarge } from "@godwit/core/http/too-large";
import type { App, ExecutionContext } from "@godwit/core/types";
import { createOrigins, joinUrl, readTarget } from "../_http/authority.ts";
import { IncomingBody } from "../_http/body.ts";
import { createClientReader } from "../_http/forwarded.ts";
import { createLightResponse } from "../_http/light-response.ts";
import { createLazyRequest, createNativeRequest } from "../_http/request.ts";
import { type SendOptions, sendResponse } from "../_http/respond.ts";
import type { AnswerFile } from "./assets.ts";
import type { Limits, ServeOptions } from "./options.ts";
import type { Listener, NodeAnswer, NodeMessage } from "./server.ts";

/** What a server knows about itself while it runs. */
export interface ServerState {
  closing: boolean;
  /** Requests being answered. */
  active: number;
  background: Set<Promise<unknown>>;
}

/** What the app gets with every call of this server; requests add to it. */
export function createExecution(state: ServerState): ExecutionContext {
  return {
    env: process.env,
    waitUntil(promise) {
      const work = Promise.resolve(promise)
        .catch(() => {})
        .finally(() => state.background.delete(work));
      state.background.add(work);
    },
    platform: { name: "node", raw: undefined },
  };
}

/** One request on its way. */
interface Exchange {
  message: NodeMessage;
  answer: NodeAnswer;
  /** The client holds its body back until it hears `100 Continue`. */
  waits: boolean;
  /** The connection ends with this answer. */
  isLast: boolean;
}

/** Settled when the answer is sent; undefined when it was sent at once. */
type Sending = Promise<void> | undefined;

/** What the app gets with one request. Nothing private: it may be laid under another object. */
class Execution implements ExecutionContext {
  readonly ip: string | undefined;
  answer?: Response;
  readonly base: ExecutionContext;
  readonly exchange: Exchange;

  constructor(base: ExecutionContext, exchange: Exchange, ip: string | undefined) {
    this.ip = ip;
    this.base = base;
    this.exchange = exchange;
  }
  get env(): unknown {
    return this.base.env;
  }
  get platform(): ExecutionContext["platform"] {
    const { message, answer } = this.exchange;
    return { name: "node", raw: { request: message, response: answer } };
  }
  waitUntil(promise: Promise<unknown>): void {
    this.base.waitUntil(promise);
  }
}

export function createHandler(
  app: App,
  options: ServeOptions,
  limits: Limits,
  state: ServerState,
  answerFile: AnswerFile | undefined,
): Listener {
  const toOrigin = createOrigins();
  const readClient = createClientReader(options.trustProxy ?? false);
  const toRequest = options.nativeRequest ? createNativeRequest() : createLazyRequest();
  const take = options.nativeRequest ? undefined : createLightResponse();
  const { live, ready } = options.health ?? {};
  const base = createExecution(state);
  const pipelined = createDepth(limits.streams);
  const scheme = options.tls ? "https" : "http";

  function respond(exchange: Exchange, response: Response, body = new IncomingBody(exchange.message)): Sending {
    const { message, answer, waits, isLast } = exchange;
    const send: SendOptions = {
      head: message.method === "HEAD",
      // A client that was never told to go on may send its body or not: what comes next could be either.
      close: state.closing || isLast || (waits && !body.used),
      stall: limits.stall,
      take,
      onError: report,
    };
    if (body.empty || message.complete) return sendResponse(answer, response, send);
    if (!("stream" in message)) linger(message, limits.headerTime);
    const discard = () => body.discard(limits.bodyBytes);
    const sending = sendResponse(answer, response, send);
    if (sending) return sending.then(discard);
    discard();
    return undefined;
  }

  function run(exchange: Exchange): Sending {
    const { message, answer, waits } = exchange;
    const { method = "GET", url: target = "/" } = message;
    if (live && isPath(target, live)) return respond(exchange, text(200, "ok"));
    if (ready && isPath(target, ready)) {
      return respond(exchange, state.closing ? text(503, "closing") : text(200, "ok"));
    }
    if (state.active > limits.concurrency || exchange.isLast) {
      return respond(exchange, problem(503, { headers: { "retry-after": "1" } }));
    }
    const refused = refuse(message, limits);
    if (refused) {
      exchange.isLast = refused.status === 501;
      return respond(exchange, refused);
    }

    const client = readClient(message.socket.remoteAddress, message.headers);
    const parts = target.startsWith("/") ? undefined : readTarget(target);
    const authority = readAuthority(message);
    const origin = toOrigin(client.scheme ?? scheme, client.host ?? authority);
    if (!origin) return respond(exchange, bad("HOST_INVALID", "The Host header is missing or not a host."));
    if (method === "OPTIONS" && target === "*") return respond(exchange, new Response(null, { status: 204 }));
    const path = parts ? parts.path : target;
    if (!path.startsWith("/") || (parts?.authority && parts.authority.toLowerCase() !== authority?.toLowerCase())) {
      return respond(exchange, bad("TARGET_INVALID", "The request target is not a path of this host."));
    }

    const body = new IncomingBody(message, limits.bodyBytes, waits ? () => answer.writeContinue() : undefined);
    if ("stream" in message && !body.empty) limitTime(message, limits.requestTime);
    const request = toRequest({ message, response: answer, url: joinUrl(origin, path), body });
    return ask(exchange, body, request, new Execution(base, exchange, client.ip));
  }

  function ask(exchange: Exchange, body: IncomingBody, request: Request, execution: Execution): Sending {
    let coming: Promise<Response>;
    try {
      coming = answerFile?.(request) ?? app.fetch(request, execution);
    } catch (error) {
      coming = Promise.reject(error);
    }
    const answer = app.fetch.direct && execution.answer;
    return answer ? finish(exchange, body, answer) : wait(exchange, body, coming);
  }

  async function wait(exchange: Exchange, body: IncomingBody, coming: Promise<Response>): Promise<void> {
    let response: Response;
    try {
      response = await coming;
    } catch (error) {
      report(error);
      response = problem(500);
    }
    return finish(exchange, body, response);
  }

  function finish(exchange: Exchange, body: IncomingBody, given: Response): Sending {
    let response = given;
    // Whatever the app made of the reading error, the reason is the size.
    if (body.exceeded && response.status !== 413) {
      response.body?.cancel().catch(() => {});
      response = problem(413, tooLarge(limits.bodyBytes).options);
    }
    return respond(exchange, response, body);
  }

  function fail(exchange: Exchange, error: unknown): void {
    state.active--;
    report(error);
    exchange.answer.destroy();
  }

  async function settle(exchange: Exchange, sending: Promise<void>): Promise<void> {
    try {
      await sending;
      state.active--;
    } catch (error) {
      fail(exchange, error);
    }
  }

  return (message, answer, waits) => {
    const exchange = { message, answer, waits, isLast: pipelined(message, answer) };
    state.active++;
    try {
      const sending = run(exchange);
      if (sending) settle(exchange, sending);
      else state.active--;
    } catch (error) {
      fail(exchange, error);
    }
  };
}

/**
 * Tells whether a request waits behind too many others of its HTTP/1.1 connection. node:http hands over each as soon as
 * it is parsed, so that one client could otherwise take up the concurrency of the whole server.
 */
function createDepth(most: number): (message: NodeMessage, answer: NodeAnswer) => boolean {
  const waiting = new WeakMap<object, number>();
  return ({ socket }, answer) => {
    // The first in line has the socket; the others get it when those before them are done.
    if ("stream" in answer || answer.socket) return false;
    const depth = (waiting.get(socket) ?? 0) + 1;
    waiting.set(socket, depth);
    answer.once("close", () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
    return depth >= most;
  };
}

function refuse(message: NodeMessage, limits: Limits): Response | undefined {
  const { rawHeaders, method } = message;
  // The four pseudo-headers of HTTP/2 are its request line.
  const fields = rawHeaders.length / 2 - ("stream" in message ? 4 : 0);
  if (fields > limits.headerCount) {
    return problem(431, { title: "Request Header Fields Too Large", code: "HEADERS_TOO_MANY" });
  }
  // RFC 9112 section 6.1: node:http undoes `chunked` alone, and HTTP/1.0 has no codings: a proxy in front may differ.
  const coding = message.headers["transfer-encoding"];
  if (coding !== undefined && (coding.toLowerCase() !== "chunked" || message.httpVersion === "1.0")) {
    return problem(501, { title: "Not Implemented", code: "TRANSFER_CODING" });
  }
  if (method === "TRACE" || method === "CONNECT" || method === "TRACK") {
    // Fetch section 2.2.1 forbids them: no Request can carry them (and TRACE echoes credentials).
    const allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, QUERY";
    return problem(405, { headers: { allow } });
  }
  if (Number(message.headers["content-length"] ?? 0) > limits.bodyBytes) {
    return problem(413, tooLarge(limits.bodyBytes).options);
  }
  // RFC 9112 section 3.2: two Host lines are an error; node:http keeps the first and tells nobody.
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  return hosts > 1 ? bad("HOST_INVALID", "There is more than one Host header.") : undefined;
}

/** RFC 9113 section 8.3.1: `:authority` stands for Host; where both are there they must be one. */
function readAuthority({ headers }: NodeMessage): string | undefined {
  const { ":authority": authority, host } = headers;
  if (typeof authority !== "string") return host;
  return host !== undefined && host !== authority ? undefined : authority;
}

/** HTTP/2 has no clock for requests of its own: node:http has one for HTTP/1.1. */
function limitTime(message: Http2ServerRequest, time: number): void {
  const timer = setTimeout(() => {
    // A body that came and that nobody has read is no fault of the client's: 6 is "half closed (remote)".
    if (message.stream.state.state !== 6) message.stream.close(11); // ENHANCE_YOUR_CALM
  }, time);
  message.once("end", () => clearTimeout(timer));
  message.once("close", () => clearTimeout(timer));
}

/**
 * Closes in two steps where the body has not come whole (RFC 9112 section 9.6): a socket that is closed with bytes to
 * read is reset, and a client that is still sending would lose the answer.
 */
function linger(message: IncomingMessage, time: number): void {
  const { socket } = message;
  const close = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    if (message.complete || message.destroyed) return close();
    socket.end();
    const timer = setTimeout(() => socket.destroy(), time);
    message.once("end", () => socket.destroy());
    socket.once("close", () => clearTimeout(timer));
  };
}

/** The stack alone: other members (a client's whole request) may hold secrets. */
function report(error: unknown): void {
  console.error(error instanceof Error ? error.stack : error);
}

function isPath(target: string, path: string): boolean {
  return target.startsWith(path) && (target.length === path.length || target[path.length] === "?");
}

function text(status: number, body: string): Response {
  return new Response(body, { status, headers: { "content-type": "text/plain", "cache-control": "no-store" } });
}

function bad(code: string, detail: string): Response {
  return problem(400, { code, detail });
}
