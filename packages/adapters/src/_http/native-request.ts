/**
 * The parts of a platform Request, from a node:http message.
 * @module
 */
import type { Message } from "./body.ts";
import type { Incoming } from "./request.ts";

/** Node's Request asks for `duplex` where the body is a stream; the DOM's types do not know it. */
type Init = RequestInit & { duplex?: "half" };

export function toNative(Native: typeof Request, incoming: Incoming, headers: Headers, signal: AbortSignal): Request {
  const { message, url, body } = incoming;
  const { method = "GET" } = message;
  const init: Init = { method, headers, signal };
  // Fetch section 5.4: a GET or HEAD has no body. One that was sent is let go by.
  if (body.empty || method === "GET" || method === "HEAD") return new Native(url, init);
  const used = body.used;
  init.body = used ? "" : body.stream();
  init.duplex = "half";
  const native = new Native(url, init);
  // The bytes are already handed out: the native request has to say so too.
  if (used) native.text().catch(() => {});
  return native;
}

/** Every field line as it was sent: only cookies, which HTTP/2 may split, are joined by `; ` (RFC 9113 section 8.2.3). */
export function readHeaders(message: Message, headers: Headers = new Headers()): Headers {
  const { rawHeaders } = message;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    const value = rawHeaders[at + 1] ?? "";
    if (name.charCodeAt(0) === 58) continue; // a pseudo-header of HTTP/2
    if (name.length === 6 && name.toLowerCase() === "cookie") {
      const before = headers.get("cookie");
      headers.set("cookie", before === null ? value : `${before}; ${value}`);
    } else {
      headers.append(name, value);
    }
  }
  return headers;
}

/** Aborts when the connection ends before the answer does. */
export function readSignal({ response }: Incoming): AbortSignal {
  const controller = new AbortController();
  const abort = () => {
    if (!isComplete(response)) controller.abort(new DOMException("The client went away.", "AbortError"));
  };
  if ("stream" in response ? response.stream.destroyed : response.destroyed) abort();
  else response.once("close", abort);
  return controller.signal;
}

/** An HTTP/2 response calls itself finished however its stream was closed: the code of the reset tells. */
function isComplete(response: Incoming["response"]): boolean {
  return "stream" in response ? response.writableEnded && !response.stream.rstCode : response.writableFinished;
}
