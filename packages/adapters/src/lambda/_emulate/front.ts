/**
 * The front on a real socket: HTTP/1.1 in, event to the function, its result back as the platform would send it.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { LogLine } from "@godwit/bundler/contracts";
import { listenAt } from "../../_emulate/listen.ts";
import { believeClient } from "../../_emulate/raw.ts";
import type { Answer } from "./answer.ts";
import type { Fleet } from "./fleet.ts";
import { alb } from "./formats/alb.ts";
import type { Failure, Format } from "./formats/format.ts";
import { lattice } from "./formats/lattice.ts";
import { rest } from "./formats/v1.ts";
import { functionUrl, httpApi } from "./formats/v2.ts";
import { readIncoming } from "./incoming.ts";
import { type Outcome, trailerError } from "./outcome.ts";
import { INVOKE_REQUEST_LIMIT, INVOKE_RESPONSE_LIMIT, newIdentity } from "./platform.ts";
import type { FrontRouter } from "./router.ts";
import { readAll } from "./runtime-api.ts";
import { sendStream } from "./streamed.ts";

/** By name, given the stage of the build; where a format cannot be without a named one, `prod` stands for `$default`. */
export const FORMATS: Record<string, (stage: string) => Format> = {
  "http-api": (stage) => httpApi(stage),
  rest: (stage) => rest(named(stage), false),
  "rest-stream": (stage) => rest(named(stage), true),
  "function-url": () => functionUrl(false),
  "function-url-stream": () => functionUrl(true),
  alb: () => alb(false),
  "alb-multi": () => alb(true),
  lattice,
};

const named = (stage: string): string => (stage === "$default" ? "prod" : stage);

export interface FrontOptions {
  name: string;
  format: Format;
  router: FrontRouter;
  fleet: Fleet;
  /** HTTPS ends before it. */
  secure: boolean;
  clientHeader?: string | undefined;
  log(line: LogLine): void;
}

/** Listens before it resolves; the caller closes it. */
export async function openFront(
  options: FrontOptions,
  host: string,
  port: number,
): Promise<{ server: Server; url: URL }> {
  const server = createServer((request, response) => {
    handle(request, response, options).catch(() => response.destroy());
  });
  believeClient(server, options.clientHeader);
  return { server, url: await listenAt(server, port, host) };
}

/** Whether an answer went out; false for a stream, which sends itself. */
async function handle(request: IncomingMessage, response: ServerResponse, options: FrontOptions): Promise<boolean> {
  const { format, router, fleet } = options;
  const fail = (kind: Failure) => send(format.failure(kind), request, response);
  const sent = await readIncoming(request, format.requestLimit);
  if (sent === "too-large") return fail("too-large");
  if (sent === "bad-target") return fail("bad-request");
  const path = format.toPath ? format.toPath(sent.path) : sent.path;
  if (path === undefined) return fail("bad-request");
  const incoming = { ...sent, path, secure: options.secure };
  const matched = router(incoming.method, incoming.path);
  if (!matched) return fail("no-route");
  const identity = newIdentity();
  const payload = Buffer.from(JSON.stringify(format.event(incoming, matched, identity)));
  if (payload.length > INVOKE_REQUEST_LIMIT) return fail("too-large");

  const malformed = (why: string): Answer => {
    const text = `The answer is not one that ${options.name} takes: ${why}.`;
    options.log({ function: matched.function, level: "error", text });
    return format.failure("malformed");
  };
  const outcome = await within(fleet.invoke(matched.function, payload, identity.trace), format.patience);
  if (outcome === undefined) return fail("timeout");
  if (outcome.kind === "error") return fail("function-error");
  let json: Buffer;
  if (outcome.kind === "stream") {
    if (format.stream) {
      const failed = await sendStream(outcome, format.stream, response, malformed);
      return failed ? send(failed, request, response) : false;
    }
    // A buffered Invoke of a streaming function gives the stream's bytes in one piece.
    const bytes = await readAll(outcome.body, INVOKE_RESPONSE_LIMIT).catch(() => undefined);
    if (!bytes || trailerError(outcome.body) !== undefined) return fail("function-error");
    json = bytes;
  } else json = outcome.json;
  const answer = format.stream ? whole(json, format) : buffered(json, format);
  if (typeof answer === "string") return send(malformed(answer), request, response);
  return send(answer, request, response) || send(malformed("its headers cannot be sent"), request, response);
}

/** Undefined when the front's patience ends first; a stream that comes later is read to its end and dropped. */
async function within(outcome: Promise<Outcome>, patience: number | undefined): Promise<Outcome | undefined> {
  if (patience === undefined) return outcome;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patience, undefined);
  });
  const first = await Promise.race([outcome, late]);
  clearTimeout(timer);
  if (!first) void outcome.then((value) => value.kind === "stream" && value.body.resume());
  return first;
}

function buffered(json: Buffer, format: Format): Answer | string {
  if (format.responseLimit !== undefined && json.length > format.responseLimit) {
    return `it has ${json.length} bytes, more than ${format.responseLimit}`;
  }
  let result: unknown;
  try {
    result = JSON.parse(json.toString());
  } catch {
    return "it is not JSON";
  }
  return format.answer(result) ?? "a member is missing, unknown or of the wrong type";
}

/** A handler that does not stream behind a front that does: its JSON is the body, if the front takes one bare. */
function whole(json: Buffer, format: Format): Answer | string {
  const head = format.stream?.bare?.("application/json");
  return head ? { ...head, body: json } : "the front streams, the function does not";
}

/** False when a header cannot be put on the wire; then nothing is sent. */
function send(answer: Answer, request: IncomingMessage, response: ServerResponse): boolean {
  const { status, reason, body } = answer;
  const bodiless = status === 204 || status === 304;
  const headers = answer.headers.filter(([name]) => name.toLowerCase() !== "content-length");
  const told = answer.headers.find(([name]) => name.toLowerCase() === "content-length");
  // To a HEAD the function's own count is the truth (RFC 9110 section 8.6): there is no body to count.
  if (request.method === "HEAD" && told && body.length === 0) headers.push(told);
  else if (!bodiless) headers.push(["content-length", String(body.length)]);
  try {
    if (reason === undefined) response.writeHead(status, headers.flat());
    else response.writeHead(status, reason, headers.flat());
  } catch {
    return false;
  }
  response.end(bodiless ? undefined : body);
  return true;
}
