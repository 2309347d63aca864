/**
 * Between `node:http` and the Web's Request and Response, as far as Vercel's launcher needs it: its proxy has already
 * bounded headers and body and speaks HTTP/1.1 alone.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ReadHeader } from "./execution.ts";

/** A host and perhaps a port; anything else could move the origin. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i;

/** A Request whose signal aborts when the client goes away; undefined for what no Request can carry. */
export function toRequest(req: IncomingMessage, res: ServerResponse, header: ReadHeader): Request | undefined {
  const { method = "GET", url = "/", rawHeaders } = req;
  const host = header("x-forwarded-host") ?? header("host") ?? "localhost";
  if (!HOST.test(host) || !url.startsWith("/")) return undefined;
  const headers = new Headers();
  const controller = new AbortController();
  res.once("close", () => res.writableFinished || controller.abort());
  const bare = method === "GET" || method === "HEAD";
  try {
    for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
    const scheme = header("x-forwarded-proto") === "http" ? "http" : "https";
    // Joined as text: as a reference to resolve, a path of `//host` would name another origin.
    return new Request(`${scheme}://${host}${url}`, {
      method,
      headers,
      signal: controller.signal,
      ...(!bare && { body: toStream(req), duplex: "half" }),
    });
  } catch {
    return undefined; // CONNECT, TRACE, or a URL that does not parse
  }
}

function toStream(req: IncomingMessage): ReadableStream<Uint8Array> {
  const stream = process.getBuiltinModule("node:stream").Readable.toWeb(req);
  return stream as ReadableStream<Uint8Array>; // Node's own type of the same object
}

/**
 * Writes an answer at the pace of the client. A body that fails midway ends the connection, so that no client takes a
 * part for the whole. `last` runs after the last byte and before the end.
 */
export async function sendResponse(response: Response, res: ServerResponse, last?: () => unknown): Promise<void> {
  const { status, statusText, headers, body } = response;
  const cookies = headers.getSetCookie();
  for (const [name, value] of headers) if (name !== "set-cookie") res.setHeader(name, value);
  if (cookies.length) res.setHeader("set-cookie", cookies);
  res.statusCode = status;
  if (statusText) res.statusMessage = statusText;
  const reader = body?.getReader();
  if (reader) {
    const gone = () => void reader.cancel().catch(() => {});
    res.once("close", gone);
    try {
      res.flushHeaders();
      for (let part = await reader.read(); !part.done && !res.destroyed; part = await reader.read()) {
        if (!res.write(part.value)) await writable(res);
      }
    } catch (error) {
      console.error(error);
      res.destroy();
    }
    res.off("close", gone);
  }
  await last?.();
  res.end();
}

function writable(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      res.off("drain", done);
      res.off("close", done);
      resolve();
    };
    res.on("drain", done);
    res.on("close", done);
  });
}
