import type { IncomingMessage } from "node:http";

export interface Question {
  method: string;
  headers: Headers;
  body: ReadableStream<Uint8Array> | null;
  signal: AbortSignal;
  /** Told of each answer before the final one, such as 103 (RFC 9110 section 15.2). */
  onInterim(status: number, headers: Record<string, string | string[] | undefined>): void;
}

/**
 * What the origin answers, redirects as they are. Where there is `node:http` the bytes come as they were sent, and 1xx
 * answers can be seen; `fetch` shows neither. Rejects where there is no answer.
 */
export function askOrigin(url: URL, question: Question): Promise<Response> {
  const node = globalThis.process?.getBuiltinModule?.(url.protocol === "https:" ? "node:https" : "node:http");
  return node ? overNode(node.request, url, question) : overFetch(url, question);
}

async function overFetch(url: URL, { method, headers, body, signal }: Question): Promise<Response> {
  // fetch hands out decoded bytes: better that there is nothing to decode.
  headers.set("accept-encoding", "identity");
  const init: RequestInit & { duplex?: "half" } = {
    method,
    headers,
    signal,
    redirect: "manual",
    ...(body && { body, duplex: "half" }),
  };
  const answer = await fetch(url, init);
  if (!/gzip|deflate|br|zstd/i.test(answer.headers.get("content-encoding") ?? "")) return answer;
  const fields = new Headers(answer.headers);
  fields.delete("content-encoding");
  fields.delete("content-length");
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers: fields });
}

type Send = typeof import("node:http").request;

/** Milliseconds in which not a byte came or went: an origin that hangs. */
const IDLE = 60_000;

function overNode(send: Send, url: URL, question: Question): Promise<Response> {
  const { method, headers, body, signal, onInterim } = question;
  // Node frames no content of DELETE and OPTIONS by itself: the origin would take it for the next request.
  if (body) headers.set("transfer-encoding", "chunked");
  return new Promise((resolve, reject) => {
    const request = send(url, { method, headers: Object.fromEntries(headers), signal, timeout: IDLE });
    request.on("timeout", () => request.destroy(new Error("The origin hangs.")));
    request.on("information", ({ statusCode, headers }) => onInterim(statusCode, headers));
    request.on("response", (message) => {
      try {
        resolve(toResponse(message, method));
      } catch (error) {
        message.destroy();
        reject(error);
      }
    });
    request.on("error", (error: Error & { code?: string }) => {
      // The origin closed a connection that was kept, before this request came: it is asked on another one, unless it
      // may have done what it was asked (RFC 9112 section 9.3.1).
      const isSafe = ["GET", "HEAD", "OPTIONS", "QUERY"].includes(method) && !body;
      const isLate = isSafe && request.reusedSocket && error.code === "ECONNRESET" && !signal.aborted;
      if (isLate) resolve(overNode(send, url, question));
      else reject(error);
    });
    // Such as after a 101 that nobody asked for; what has its answer is settled.
    request.on("close", () => reject(new Error("The origin closed the connection without an answer.")));
    if (!body) request.end();
    else upload(body, request).catch((error) => request.destroy(error));
  });
}

async function upload(body: ReadableStream<Uint8Array>, request: ReturnType<Send>): Promise<void> {
  for await (const chunk of body) {
    if (!request.write(chunk)) await new Promise((resolve) => request.once("drain", resolve).once("close", resolve));
  }
  request.end();
}

/** Throws for what no Response can carry on. */
function toResponse(message: IncomingMessage, method: string): Response {
  const { statusCode: status = 0, statusMessage: statusText = "", rawHeaders } = message;
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
  const isEmpty = method === "HEAD" || [204, 205, 304].includes(status);
  if (isEmpty) message.resume();
  return new Response(isEmpty ? null : toStream(message), { status, statusText, headers });
}

function toStream(message: IncomingMessage): ReadableStream<Uint8Array> {
  let isOpen = true; // a listener that throws would end the process
  return new ReadableStream({
    start(controller) {
      message.on("data", (chunk: Uint8Array) => {
        if (!isOpen) return;
        controller.enqueue(chunk);
        if ((controller.desiredSize ?? 0) <= 0) message.pause();
      });
      message.on("end", () => {
        if (isOpen) controller.close();
      });
      message.on("error", (error) => {
        isOpen = false;
        controller.error(error);
      });
    },
    pull: () => void message.resume(),
    cancel() {
      isOpen = false;
      message.destroy();
    },
  });
}
