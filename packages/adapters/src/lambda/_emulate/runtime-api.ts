/**
 * The Runtime API (`/2018-06-01/runtime/`) of one execution environment, on a loopback port of its own.
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createExtensions, type ExtensionFacts, error, sendJson } from "./extensions.ts";
import { type FunctionError, type Outcome, toFunctionError } from "./outcome.ts";
import { INVOKE_RESPONSE_LIMIT } from "./platform.ts";

export interface Invocation {
  id: string;
  payload: Buffer;
  arn: string;
  trace: string;
  /** Milliseconds since 1970. */
  deadline: number;
}

export interface RuntimeApiObserver {
  /** Runtime and extensions have all asked for work. `cpu`: microseconds that the process has used. */
  settled(cpu: number): void;
  responded(outcome: Outcome): void;
  initFailed(failure: FunctionError): void;
}

export interface RuntimeApi {
  /** `127.0.0.1:port`. */
  address: string;
  /** Whether an internal extension is registered. */
  hasExtensions(): boolean;
  /** Only after `settled`. */
  deliver(invocation: Invocation): void;
  close(): Promise<void>;
}

const INVOCATION = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/;
const EXTENSION = "/2020-01-01/extension/";

export async function createRuntimeApi(facts: ExtensionFacts, observer: RuntimeApiObserver): Promise<RuntimeApi> {
  let waiting: ServerResponse | undefined;
  let cpu = 0;
  let current: { id: string; answered: boolean } | undefined;
  const check = () => {
    if (waiting && extensions.ready()) observer.settled(cpu);
  };
  const extensions = createExtensions(facts, check);

  const next = (request: IncomingMessage, response: ServerResponse) => {
    extensions.closeRegistration();
    cpu = Number(request.headers["godwit-cpu"] ?? 0);
    waiting = response;
    response.once("close", () => {
      if (waiting === response) waiting = undefined;
    });
    check();
  };

  /** One answer an invocation, and only for the one that runs. */
  const claim = (id: string, response: ServerResponse): boolean => {
    if (current?.id === decodeURIComponent(id) && !current.answered) {
      current.answered = true;
      return true;
    }
    sendJson(response, 400, error("InvalidRequestID", "Invalid request ID"));
    return false;
  };

  const respond = async (id: string, request: IncomingMessage, response: ServerResponse) => {
    if (request.headers["lambda-runtime-function-response-mode"] === "streaming") {
      if (!claim(id, response)) return void request.resume();
      const contentType = request.headers["content-type"] ?? "application/octet-stream";
      request.on("error", () => {}); // whoever reads it hears of it too
      request.once("end", () => sendJson(response, 202, { status: "OK" }));
      observer.responded({ kind: "stream", contentType, body: request });
      return;
    }
    const body = await readAll(request, INVOKE_RESPONSE_LIMIT);
    if (!claim(id, response)) return;
    if (body) {
      sendJson(response, 202, { status: "OK" });
      observer.responded({ kind: "result", json: body });
      return;
    }
    const message = `Exceeded maximum allowed payload size (${INVOKE_RESPONSE_LIMIT} bytes).`;
    sendJson(response, 413, error("RequestEntityTooLarge", message));
    observer.responded({
      kind: "error",
      type: "Function.ResponseSizeTooLarge",
      message: `Response payload size exceeded maximum allowed payload size (${INVOKE_RESPONSE_LIMIT} bytes).`,
    });
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? "";
    const [, id, what] = INVOCATION.exec(path) ?? [];
    if (request.method === "GET" && path === "/2018-06-01/runtime/invocation/next") return next(request, response);
    if (request.method === "POST" && id !== undefined && what === "response") return respond(id, request, response);
    const body = (await readAll(request, INVOKE_RESPONSE_LIMIT)) ?? Buffer.alloc(0);
    if (path.startsWith(EXTENSION)) {
      extensions.handle(path.slice(EXTENSION.length), request, body, response);
    } else if (request.method === "POST" && id !== undefined) {
      if (!claim(id, response)) return;
      sendJson(response, 202, { status: "OK" });
      observer.responded(toFunctionError(body, "Unhandled"));
    } else if (request.method === "POST" && path === "/2018-06-01/runtime/init/error") {
      observer.initFailed(toFunctionError(body, "Runtime.Unknown"));
      sendJson(response, 202, { status: "OK" });
    } else sendJson(response, 404, error("NotFound", path));
  };

  // The error cause of a failed invocation travels in a header.
  const server = createServer({ maxHeaderSize: 1024 * 1024, keepAliveTimeout: 0 }, (request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  // A stopped process answers nothing for as long as it is stopped.
  Object.assign(server, { requestTimeout: 0, headersTimeout: 0, timeout: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    address: `127.0.0.1:${port}`,
    hasExtensions: () => extensions.size > 0,
    deliver(invocation) {
      const response = waiting;
      if (!response) return;
      waiting = undefined;
      current = { id: invocation.id, answered: false };
      extensions.invoke(invocation);
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": invocation.payload.length,
        "lambda-runtime-aws-request-id": invocation.id,
        "lambda-runtime-deadline-ms": String(invocation.deadline),
        "lambda-runtime-invoked-function-arn": invocation.arn,
        "lambda-runtime-trace-id": invocation.trace,
      });
      response.end(invocation.payload);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Undefined when there is more than `limit`; the rest is read and dropped, so that the client sees the answer. */
export async function readAll(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size > limit ? undefined : Buffer.concat(chunks);
}
